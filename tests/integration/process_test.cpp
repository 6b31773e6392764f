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
Started start(const TempDir& folder, const std::string& script, std::optional<Cgroup> cgroup = {}) {
  Started started;
  started.mark = "EXAI_SERVICE_DIR=" + folder.path().string();
  const Fd out = *open_file(folder / "out", O_WRONLY | O_CREAT | O_APPEND);
  SpawnSpec spec;
  spec.command = {kScripts, "-c", script};
  spec.environment = {{"PATH", "/usr/bin:/bin"}, {"EXAI_SERVICE_DIR", folder.path().string()}};
  spec.working_directory = folder.path();
  spec.stdout_fd = out.get();
  auto child = Child::spawn(spec, started.mark, std::move(cgroup));
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

Task<> follow(Child& child, Clock& clock, Containment& containment, ExitStatus& end) {
  end = co_await child.wait(clock, containment);
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

TEST_CASE("services that end together leave no cgroup and no process, down or not") {
  const bool down = GENERATE(false, true);
  CAPTURE(down);
  TempDir folder;
  Loop loop;
  SystemClock clock;
  Containment containment(loop, folder / "cgroup", fmt::format("exai-test-{}", ::getpid()), "");
  if (down) containment.go_down();
  TaskGroup tasks(loop, Log());
  std::vector<Started> services;
  std::vector<ExitStatus> ends(20);
  // Each odd one leaves somebody in its cgroup.
  const std::string plain = "exit 7";
  const std::string leaving =
      "setsid -f sh -c 'echo $$ > pid; exec sleep 1000'; while [ ! -s pid ]; do sleep 0.01; done; "
      "exit 7";
  std::vector<std::unique_ptr<TempDir>> folders;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    folders.push_back(std::make_unique<TempDir>());
    services.push_back(start(*folders[i], i % 2 == 1 ? leaving : plain,
                             containment.make(fmt::format("service {}", i))));
  }
  for (std::size_t i = 0; i < ends.size(); ++i)
    tasks.spawn("an end", follow(*services[i].child, clock, containment, ends[i]));
  loop.run();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    CAPTURE(i);
    CHECK(ends[i].code == 7);
    CHECK(services[i].child->left_behind().empty());
    if (i % 2 == 1) CHECK(gone(pid_in(*folders[i], "pid")));
    CHECK(containment.find(fmt::format("service {}", i)).empty());
  }
  CHECK(containment.close());
  const auto root = read_file(folder / "cgroup");
  CHECK((!root || !std::filesystem::exists(Path(trim(*root)))));
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
  SECTION("one that has ended is there as long as it can be asked how") {
    started.child->signal(SIGKILL);
    REQUIRE(wait_until([&] { return gone(identity.pid); }));
    CHECK(Child::adopt(identity, started.mark));
    wait_for_end(*started.child);
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
