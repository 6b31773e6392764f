// Real children: whatever a service does, its end is seen, its tree goes with it, its output stays.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "supervisor/process/child.hpp"
#include "supervisor/process/logs.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::process;
using test::TempDir;
using test::wait_until;

namespace {

const std::string kScripts = "/bin/sh";

struct Started {
  std::unique_ptr<Child> child;
  std::string mark;
};

// A shell script as a service: its own session, a mark of its own, output to `out`.
Started start(const TempDir& folder, const std::string& script) {
  Started started;
  started.mark = "EXAI_SERVICE_DIR=" + folder.path().string();
  const Fd out = *open_file(folder / "out", O_WRONLY | O_CREAT | O_APPEND);
  SpawnSpec spec;
  spec.command = {kScripts, "-c", script};
  spec.environment = {{"PATH", "/usr/bin:/bin"}, {"EXAI_SERVICE_DIR", folder.path().string()}};
  spec.working_directory = folder.path();
  spec.stdout_fd = out.get();
  auto child = Child::spawn(spec, started.mark);
  REQUIRE(child);
  started.child = std::move(*child);
  return started;
}

ExitStatus wait_for_end(Child& child) {
  Loop loop;
  SystemClock clock;
  Containment containment(loop, "", "", "off");
  return loop.run_until_done(child.wait(clock, containment));
}

std::string output(const TempDir& folder) { return read_file(folder / "out").value_or(""); }

// The pid that a script wrote into a file.
pid_t pid_in(const TempDir& folder, const std::string& name) {
  pid_t pid = 0;
  wait_until([&] {
    const auto text = read_file(folder / name);
    pid = text ? static_cast<pid_t>(parse_integer(trim(*text)).value_or(0)) : 0;
    return pid != 0;
  });
  REQUIRE(pid != 0);
  return pid;
}

bool gone(pid_t pid) {
  const auto info = process_info(pid);
  return !info || info->state == 'Z';
}

}  // namespace

TEST_CASE("the end of a child says how it ended") {
  const auto [script, expected] = GENERATE(table<std::string, ExitStatus>({
      {"exit 0", {0, std::nullopt, false}},
      {"exit 3", {3, std::nullopt, false}},
      {"kill -9 $$", {std::nullopt, SIGKILL, false}},
      {"kill -TERM $$", {std::nullopt, SIGTERM, false}},
  }));
  TempDir folder;
  auto started = start(folder, script);
  CHECK(wait_for_end(*started.child) == expected);
  CHECK_FALSE(process_info(started.child->pid()));  // reaped
}

TEST_CASE("a program that is missing or no program fails at once, each with its own error") {
  TempDir folder;
  folder.write("text", "just text");
  SpawnSpec spec;
  spec.command = {"/nowhere/redis-server"};
  CHECK(Child::spawn(spec, "").error().code() == Errc::not_found);
  spec.command = {(folder / "text").string()};
  CHECK(Child::spawn(spec, "").error().code() == Errc::denied);
  spec.command = {kScripts};
  spec.working_directory = folder / "absent";
  const auto bad_folder = Child::spawn(spec, "");
  REQUIRE_FALSE(bad_folder);
  CHECK_THAT(bad_folder.error().message(), Catch::Contains("there is no folder"));
}

TEST_CASE("a child that ignores TERM dies by the kill of its tree") {
  TempDir folder;
  auto started = start(folder, "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done");
  pid_in(folder, "pid");
  started.child->signal(SIGTERM);
  CHECK(is_alive(started.child->identity()));
  started.child->kill_tree();
  CHECK(wait_for_end(*started.child).signal == SIGKILL);
}

TEST_CASE("what a leader leaves behind is dead when its end is reported") {
  const auto [what, script] = GENERATE(table<std::string, std::string>({
      {"a grandchild that ignores TERM",
       "(trap '' TERM; sh -c 'echo $$ > pid; exec sleep 1000') & sleep 0.1; exit 0"},
      {"a grandchild in a group of its own",
       "set -m; sh -c 'echo $$ > pid; exec sleep 1000' & while [ ! -s pid ]; do sleep 0.01; done"},
      {"a grandchild in a session of its own",
       "setsid -f sh -c 'echo $$ > pid; exec sleep 1000'; while [ ! -s pid ]; do sleep 0.01; done"},
  }));
  CAPTURE(what);
  TempDir folder;
  auto started = start(folder, script);
  const ExitStatus status = wait_for_end(*started.child);
  CHECK(status.success());
  CHECK(gone(pid_in(folder, "pid")));
}

TEST_CASE("a crash is noticed while a descendant still holds the output open") {
  TempDir folder;
  auto started = start(folder, "sleep 1000 & echo up; kill -9 $$");
  const Time before = std::chrono::steady_clock::now();
  CHECK(wait_for_end(*started.child).signal == SIGKILL);
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("a child has no descriptor of ours and no signal of ours ignored or blocked") {
  TempDir folder;
  const Fd leak(::open("/dev/null", O_RDONLY));  // NOLINT: without close-on-exec on purpose
  ignore_sigpipe();
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto started = start(folder, "grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  wait_for_end(*started.child);
  const std::string zeros = "0000000000000000";
  // Signals 32 and 33 belong to the C library; nobody can set them, and some start us with them.
  const std::string seen = replace_all(output(folder), "0000000180000000", zeros);
  CHECK(seen == "SigBlk:\t" + zeros + "\nSigIgn:\t" + zeros + "\n0\n1\n2\n");
}

TEST_CASE("a process is adopted by pid and start time, and its end is seen without its code") {
  TempDir folder;
  auto started = start(folder, "exec sleep 1000");
  const Identity identity = started.child->identity();
  auto adopted = Child::adopt(identity, started.mark);
  REQUIRE(adopted);
  CHECK((*adopted)->pid() == identity.pid);

  SECTION("another start time is another process") {
    const Identity stranger{identity.pid, identity.start_ticks + 1};
    CHECK(Child::adopt(stranger, started.mark).error().code() == Errc::not_found);
    send_signal(stranger, SIGKILL);
    CHECK(is_alive(identity));
  }
  SECTION("one that has ended is not there, even as a zombie") {
    started.child->signal(SIGKILL);
    REQUIRE(wait_until([&] { return gone(identity.pid); }));
    CHECK(Child::adopt(identity, started.mark).error().code() == Errc::not_found);
  }
  SECTION("the mark finds the leader of what was started with it") {
    CHECK(wait_until([&] { return find_marked(started.mark) == identity; }));
    CHECK(find_marked(started.mark + "x") == std::nullopt);
  }
  started.child->kill_tree();
  wait_for_end(*started.child);
}

TEST_CASE("orphans that come to a subreaper are reaped, but not what somebody waits for") {
  TempDir folder;
  become_subreaper();
  auto started = start(folder, "(sh -c 'echo $$ > pid; exec sleep 0.05' &) ; exec sleep 1000");
  const pid_t orphan = pid_in(folder, "pid");
  OrphanReaper reaper;
  CHECK(wait_until([&] {
    reaper.sweep();
    return !process_info(orphan);
  }));
  started.child->kill_tree();
  CHECK(wait_for_end(*started.child).signal == SIGKILL);
}

namespace {

// A capture and what is needed to run it for a while.
struct Capturing {
  explicit Capturing(const TempDir& folder, LogLimits limits = {}) : log(folder / "s.log") {
    auto opened = LogCapture::open(clock, folder / "s.out", log, limits);
    REQUIRE(opened);
    capture = std::move(*opened);
  }

  void run_child(const std::string& script) {
    const Fd writer = *capture->writer();
    SpawnSpec spec;
    spec.command = {kScripts, "-c", script};
    spec.environment = {{"PATH", "/usr/bin:/bin"}};
    spec.stdout_fd = writer.get();
    auto child = *Child::spawn(spec, "");
    Loop loop;
    TaskGroup tasks(loop, Log());
    tasks.spawn("capture", capture->run());
    Containment containment(loop, "", "", "off");
    loop.run_until_done(wait_then_stop(*child, clock, containment, tasks));
    capture->finish();
  }

  static Task<> wait_then_stop(Child& child, Clock& clock, Containment& containment,
                               TaskGroup& tasks) {
    co_await child.wait(clock, containment);
    tasks.cancel();
    co_await tasks.join();
  }

  // The lines of the log without their stamps; "?" marks one that has none.
  std::vector<std::string> lines(const Path& file) const {
    std::vector<std::string> result;
    const std::string text = read_file(file).value_or("");
    for (const std::string& line : split(text, '\n')) {
      if (line.size() < 25 || !parse_utc(line.substr(0, 24))) result.push_back("?" + line);
      else result.push_back(line.substr(25));
    }
    if (!result.empty() && result.back() == "?") result.pop_back();  // after the last newline
    return result;
  }

  SystemClock clock;
  Path log;
  std::unique_ptr<LogCapture> capture;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("each line is stamped, and the last one is kept without its newline") {
  TempDir folder;
  Capturing logs(folder);
  logs.run_child("echo one; echo two >&2; printf 'last words'");
  logs.run_child("echo next run");
  CHECK(logs.lines(logs.log) == Lines{"one", "two", "last words", "next run"});
}

TEST_CASE("bytes that are no text are kept as they are") {
  TempDir folder;
  Capturing logs(folder);
  logs.run_child(R"(printf 'a\000b\r\377\n')");
  CHECK(logs.lines(logs.log) == Lines{std::string("a\0b\r\xff", 5)});
}

TEST_CASE("a long line is split") {
  TempDir folder;
  Capturing logs(folder, {.max_bytes = 1U << 20U, .max_files = 2, .max_line = 10});
  logs.run_child("printf '0123456789abcdefghij\\n0123456789\\nx\\n'");
  CHECK(logs.lines(logs.log) == Lines{"0123456789", "abcdefghij", "0123456789", "x"});
}

TEST_CASE("who waits for a line sees it however it is cut, and without its end") {
  TempDir folder;
  Capturing logs(folder);
  std::vector<std::string> seen;
  logs.capture->watch_lines([&](std::string_view line) {
    seen.emplace_back(line);
    return true;
  });
  logs.run_child("printf 'one\\ntw'; sleep 0.05; printf 'o\\nlast'");
  REQUIRE(seen.size() >= 3);
  CHECK(seen.front() == "one");
  CHECK(std::find(seen.begin(), seen.end(), "two") != seen.end());
  CHECK(seen.back() == "last");
  logs.capture->watch_lines([&](std::string_view line) {
    seen.emplace_back(line);
    return false;
  });
  logs.run_child("printf 'a\\nb\\n'");
  CHECK(seen.back() == "a");
}

TEST_CASE("of an endless line the beginning is told") {
  std::size_t longest = 0;
  std::string last;
  LineWatch watch([&](std::string_view line) {
    longest = std::max(longest, line.size());
    last = line;
    return true;
  });
  for (int i = 0; i < 20; ++i) watch.write(std::string(10'000, 'x'));
  CHECK(longest == LineWatch::kLongest);
  watch.write("\nnext\n");
  CHECK(last == "next");
}

TEST_CASE("a service is not hurt by the death of its reader, and nothing it printed is lost") {
  TempDir folder;
  Path log;
  pid_t pid = 0;
  std::unique_ptr<Child> child;
  {
    Capturing first(folder);
    log = first.log;
    const Fd writer = *first.capture->writer();
    SpawnSpec spec;
    spec.command = {kScripts, "-c", "printf 'before '; while [ ! -e go ]; do sleep 0.01; done; "
                                    "printf 'after\n'; echo done; exec sleep 1000"};
    spec.working_directory = folder.path();
    spec.environment = {{"PATH", "/usr/bin:/bin"}};
    spec.stdout_fd = writer.get();
    child = *Child::spawn(spec, "");
    pid = child->pid();
    REQUIRE(wait_until([&] {
      first.capture->finish();
      return !read_file(log).value_or("").empty();
    }));
  }
  folder.write("go", "");
  Capturing second(folder);
  REQUIRE(wait_until([&] {
    second.capture->finish();
    return second.lines(log).size() >= 3;
  }));
  CHECK_FALSE(gone(pid));
  CHECK(second.lines(log) == Lines{"before ", "after", "done"});
  child->kill_tree();
  wait_for_end(*child);
}

TEST_CASE("files rotate by size; the oldest goes, no line is lost between them") {
  TempDir folder;
  SystemClock clock;
  LogFile file(clock, folder / "s.log", {.max_bytes = 300, .max_files = 3, .max_line = 1000});
  for (int line = 0; line < 100; ++line) file.write("line " + std::to_string(line) + "\n");
  CHECK(std::filesystem::exists(folder / "s.log.1"));
  CHECK(std::filesystem::exists(folder / "s.log.2"));
  CHECK_FALSE(std::filesystem::exists(folder / "s.log.3"));
  CHECK(file.dropped() == 0);
  const std::string kept = read_file(folder / "s.log.2").value_or("") +
                           read_file(folder / "s.log.1").value_or("") +
                           read_file(folder / "s.log").value_or("");
  CHECK_THAT(kept, Catch::EndsWith("line 99\n"));
  const auto count = std::count(kept.begin(), kept.end(), '\n');
  for (auto line = 100 - count; line < 100; ++line)
    CHECK_THAT(kept, Catch::Contains(" line " + std::to_string(line) + "\n"));
}

TEST_CASE("a log file that is removed under us is made anew") {
  TempDir folder;
  SystemClock clock;
  LogFile file(clock, folder / "logs" / "s.log", {});
  file.write("one\n");
  std::filesystem::remove_all(folder / "logs");
  file.write("two\n");
  CHECK_THAT(read_file(folder.path() / "logs" / "s.log").value_or(""), Catch::EndsWith(" two\n"));
}

TEST_CASE("lines that cannot be written are counted, and the file says so afterwards") {
  TempDir folder;
  SystemClock clock;
  const Path path = folder / "s.log";
  std::filesystem::create_symlink("/dev/full", path);
  LogFile file(clock, path, {});
  file.write("one\ntwo\n");
  file.write("thr");
  file.write("ee\n");
  CHECK(file.dropped() == 4);  // the third in two pieces
  std::filesystem::remove(path);
  file.write("four\n");
  const std::string text = read_file(path).value_or("");
  CHECK_THAT(text, Catch::Contains("[exai] 4 lines dropped: the log could not be written\n"));
  CHECK_THAT(text, Catch::EndsWith(" four\n"));
  CHECK(file.dropped() == 4);
}
