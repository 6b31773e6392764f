// What services print, on its way through a real fifo into real files.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "supervisor/process/log_keeper.hpp"
#include "supervisor/process/logs.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::process;
using test::TempDir;
using test::wait_until;

namespace {

using Lines = std::vector<std::string>;

// A clock that shows what a test says.
class HandClock final : public Clock {
 public:
  Time now() const override { return Time{} + (wall_ - WallTime{}); }
  WallTime wall() const override { return wall_; }
  Task<> sleep_until(Time) override { co_return; }
  void advance(Duration duration) { wall_ += duration; }

 private:
  WallTime wall_ = *parse_utc("2026-11-21T03:42:19.000Z");
};

// A capture, and children that print into it.
struct Capturing {
  explicit Capturing(const TempDir& in, LogLimits limits = {},
                     std::shared_ptr<const Redactor> redactor = {},
                     Streams streams = Streams::together)
      : folder(in),
        log(in / "s.log"),
        store{clock, watcher, std::move(redactor), *PipePeek::make()} {
    auto opened = LogCapture::open(store, in / "s.out", log, limits, streams);
    REQUIRE(opened);
    capture = std::move(*opened);
  }

  Spawned start(const std::string& script) const {
    const Fd writer = *capture->writer();
    const Fd errors = *capture->error_writer();
    SpawnSpec spec;
    spec.command = {"/bin/sh", "-c", script};
    spec.environment = {{"PATH", "/usr/bin:/bin"}};
    spec.working_directory = folder.path();
    spec.stdout_fd = writer.get();
    spec.stderr_fd = errors.get();
    auto child = spawn(spec);
    REQUIRE(child);
    return std::move(*child);
  }

  // Reads on the loop until it has ended.
  void run(const std::string& script) {
    const Spawned child = start(script);
    capture->start();
    loop.run_until_done(until_end(child.pidfd, *capture));
    ::waitpid(child.pid, nullptr, 0);
    capture->finish();
  }
  static Task<> until_end(const Fd& pidfd, LogCapture& capture) {
    static_cast<void>((co_await wait_readable(pidfd)).has_value());
    capture.stop();
  }
  // Until something has been seen.
  template <class Seen>
  bool run_until(Seen seen) {
    capture->start();
    const bool is_seen = wait_until([&] {
      loop.context().restart();
      loop.context().run_for(10ms);
      return seen();
    });
    capture->stop();
    return is_seen;
  }

  std::string text() const { return read_file(log).value_or(""); }
  std::vector<logs::Mark> marks() const { return logs::PartReader::open({log})->marks(); }

  const TempDir& folder;
  Path log;
  HandClock clock;
  Loop loop;
  Watcher watcher{loop};
  LogStore store;
  std::unique_ptr<LogCapture> capture;
};

// Everything that is kept of a log, oldest first.
std::string all_text(const Path& log) {
  std::string text;
  for (const logs::Part& part : logs::parts_of(log)) {
    auto reader = logs::PartReader::open(part);
    REQUIRE(reader);
    text += reader->read(0, 1U << 30U);
  }
  return text;
}

std::shared_ptr<const Redactor> knowing(const std::string& secret) {
  auto redactor = std::make_shared<Redactor>();
  redactor->add("TOKEN", Secret(secret));
  return redactor;
}

}  // namespace

TEST_CASE("a log is what was printed, in the order in which it was printed") {
  const TempDir folder;
  Capturing logs(folder);
  logs.run("echo one; echo two >&2; printf 'last words'");
  logs.run("echo next run");
  CHECK(logs.text() == "one\ntwo\nlast words\nnext run\n");
}

TEST_CASE("bytes that are no text are kept as they are") {
  const TempDir folder;
  Capturing logs(folder);
  logs.run(R"(printf 'a\000b\r\377\r\n\n\n')");
  CHECK(logs.text() == std::string("a\0b\r\xff\r\n\n\n", 9));
}

TEST_CASE("a line of many megabytes is one line, and takes no memory of ours") {
  const TempDir folder;
  Capturing logs(folder, {.max_bytes = 64U << 20U});
  logs.run("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo next");
  CHECK(logs.text() == std::string(30'000'000, 'x') + "\nnext\n");
}

TEST_CASE("the index knows when each line came") {
  const TempDir folder;
  Capturing logs(folder);
  logs.run("echo one");
  logs.clock.advance(1500ms);
  logs.run("echo two; echo three");
  const auto marks = logs.marks();
  REQUIRE(marks.size() == 2);
  CHECK(marks[0] == logs::Mark{0, *parse_utc("2026-11-21T03:42:19.000Z"), 1});
  CHECK(marks[1].offset == 4);
  CHECK(marks[1].time == parse_utc("2026-11-21T03:42:20.500Z"));
  CHECK(marks[1].sequence == 2);
}

TEST_CASE("an index that is torn, behind, or of a log that was truncated is put right") {
  const TempDir folder;
  const Path index = folder / "s.log.idx";
  { Capturing(folder).run("echo one"); }
  std::filesystem::resize_file(index, 40);  // the second record was not finished
  {
    Capturing logs(folder);
    logs.clock.advance(1s);
    logs.run("echo two");
  }
  CHECK(std::filesystem::file_size(index) == 64);
  std::filesystem::remove(index);
  Capturing logs(folder);
  logs.run("echo three");
  CHECK(logs.text() == "one\ntwo\nthree\n");
  REQUIRE(logs.marks().size() == 1);
  CHECK(logs.marks()[0].offset == 8);
  std::filesystem::resize_file(logs.log, 0);
  logs.run("echo four");
  CHECK(logs.text() == "four\n");
  REQUIRE(logs.marks().size() == 1);
  CHECK(logs.marks()[0].offset == 0);
}

TEST_CASE("a service is not hurt by the death of its reader, and nothing it printed is lost") {
  const TempDir folder;
  std::optional<Spawned> child;
  {
    Capturing first(folder);
    child = first.start(
        "printf 'before '; while [ ! -e go ]; do sleep 0.01; done; "
        "printf 'after\n'; echo done > done; exec sleep 1000");
    std::vector<std::string> seen;
    first.capture->watch_lines([&](std::string_view line) {
      seen.emplace_back(line);
      return true;
    });
    const Fd never = *open_file(folder / "s.out", O_RDWR);
    REQUIRE(first.run_until([&] { return !seen.empty(); }));
  }
  folder.write("go", "");
  REQUIRE(wait_until([&] { return std::filesystem::exists(folder / "done"); }));
  CHECK(::kill(child->pid, 0) == 0);
  Capturing second(folder);
  second.capture->finish();
  CHECK(second.text() == "before after\n");
  ::kill(child->pid, SIGKILL);
  ::waitpid(child->pid, nullptr, 0);
}

TEST_CASE("stdout and stderr can be told apart, and their lines are not mixed") {
  const TempDir folder;
  Capturing logs(folder, {}, knowing("correct horse"), Streams::apart);
  logs.run("printf 'half'; echo error >&2; sleep 0.1; echo ' and half'; printf 'correct ho' >&2");
  CHECK(logs.text() == "error\nhalf and half\ncorrect ho\n");
  std::vector<std::string_view> streams;
  for (const logs::Mark& mark : logs.marks()) streams.push_back(name(mark.stream));
  CHECK(streams == std::vector<std::string_view>{"stderr", "stdout", "stderr"});
  Capturing again(folder);  // as an adopter, which does not know
  again.run("echo x >&2");
  CHECK(again.marks().back().stream == logs::Stream::err);
  again.run("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next");
  CHECK(again.text().ends_with("\n" + std::string(3'000'000, 'x') + "\nnext\n"));
}

TEST_CASE("a secret is hidden wherever it is cut, and its beginning waits in the fifo") {
  const TempDir folder;
  Capturing logs(folder, {}, knowing("correct horse"));
  logs.run(
      "printf 'a correct horse b correct '; sleep 0.05; printf 'horse\\ncorrect house\\n'; "
      "sleep 0.05; printf 'correct ho'");
  CHECK(logs.text() == "a [TOKEN] b [TOKEN]\ncorrect house\ncorrect ho\n");
}

TEST_CASE("what may be a secret is with the next supervisor when this one dies") {
  const TempDir folder;
  std::optional<Fd> held;
  {
    Capturing first(folder, {}, knowing("correct horse"));
    held = *first.capture->writer();
    REQUIRE(::write(held->get(), "so correct", 10) == 10);
    REQUIRE(first.run_until([&] { return first.text() == "so "; }));
  }
  REQUIRE(::write(held->get(), " horse\n", 7) == 7);
  Capturing second(folder, {}, knowing("correct horse"));
  second.capture->finish();
  CHECK(second.text() == "so [TOKEN]\n");
}

TEST_CASE("a secret that is longer than the fifo does not stop the service") {
  const TempDir folder;
  const std::string secret(600'000, 's');
  folder.write("secret", secret);
  Capturing logs(folder, {}, knowing(secret));
  logs.run("cat secret; echo; head -c 500000 secret; echo .");
  CHECK(logs.text() == "[TOKEN]\n" + std::string(500'000, 's') + ".\n");
}

TEST_CASE("who waits for a line sees it however it is cut, and without its end") {
  const TempDir folder;
  Capturing logs(folder, {}, knowing("correct horse"));
  Lines seen;
  logs.capture->watch_lines([&](std::string_view line) {
    seen.emplace_back(line);
    return true;
  });
  logs.run("printf 'one\\ntw'; sleep 0.05; printf 'o\\ncorrect horse'");
  REQUIRE(seen.size() >= 3);
  CHECK(seen.front() == "one");
  CHECK(std::find(seen.begin(), seen.end(), "two") != seen.end());
  CHECK(seen.back() == "[TOKEN]");
  logs.capture->watch_lines([&](std::string_view line) {
    seen.emplace_back(line);
    return false;
  });
  logs.run("printf 'a\\nb\\n'");
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

TEST_CASE("parts rotate by size, at the ends of lines; the oldest goes, nothing between is lost") {
  const TempDir folder;
  HandClock clock;
  LogFile file(clock, folder / "s.log", {.max_bytes = 300, .keep = 2});
  for (int line = 0; line < 100; ++line) {
    file.write("line " + std::to_string(line) + "\n", logs::Stream::together);
    clock.advance(1s);
  }
  const auto parts = logs::parts_of(folder / "s.log");
  REQUIRE(parts.size() == 3);
  CHECK(file.dropped() == 0);
  for (const auto& part : parts) {
    const auto reader = logs::PartReader::open(part);
    CHECK(reader->size() <= 300);
    CHECK(reader->marks().front().offset == 0);
    CHECK(std::filesystem::exists(part.index()));
  }
  const std::string kept = all_text(folder / "s.log");
  const auto count = std::count(kept.begin(), kept.end(), '\n');
  std::string expected;
  for (auto line = 100 - count; line < 100; ++line)
    expected += "line " + std::to_string(line) + "\n";
  CHECK(kept == expected);
  CHECK(count > 60);
}

TEST_CASE("a flood through many rotations loses nothing and doubles nothing") {
  const TempDir folder;
  Capturing logs(folder, {.max_bytes = 100'000, .keep = 10'000}, knowing("a secret of ours"));
  logs.run("seq 1 300000");
  std::string expected;
  for (int i = 1; i <= 300'000; ++i) expected += std::to_string(i) + "\n";
  CHECK(all_text(logs.log) == expected);
  CHECK(logs::parts_of(logs.log).size() > 15);
}

TEST_CASE("a line without end is rotated within, and is whole when its parts are joined") {
  const TempDir folder;
  Capturing logs(folder, {.max_bytes = 100'000, .keep = 1000});
  logs.run("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next");
  CHECK(all_text(logs.log) == std::string(3'000'000, 'x') + "\nnext\n");
  for (const auto& part : logs::parts_of(logs.log))
    CHECK(logs::PartReader::open(part)->size() <= 600'000);
}

TEST_CASE("a part rotates when its first line is too old, and is removed when it is") {
  const TempDir folder;
  HandClock clock;
  LogFile file(clock, folder / "s.log", {.max_age = 1h});
  file.write("old\n", logs::Stream::together);
  clock.advance(2h);
  file.write("new\n", logs::Stream::together);
  CHECK(logs::parts_of(folder / "s.log").size() == 2);
  const auto first = logs::parts_of(folder / "s.log").front();
  std::filesystem::last_write_time(first.text(),
                                   std::filesystem::file_time_type::clock::now() - 2h);
  clock.advance(61min);
  file.write("newer\n", logs::Stream::together);
  CHECK_FALSE(std::filesystem::exists(first.text()));
  CHECK(all_text(folder / "s.log") == "new\nnewer\n");
}

TEST_CASE("a rotation that was not finished is finished by the next supervisor") {
  const TempDir folder;
  HandClock clock;
  const Path log = folder / "s.log";
  { LogFile(clock, log, {}).write("one\n", logs::Stream::together); }
  std::filesystem::rename(folder / "s.log.idx", folder / "s.log.000001.idx");
  LogFile file(clock, log, {});
  CHECK(logs::PartReader::open({log})->marks().size() == 1);
}

TEST_CASE("a log file or its folder that is removed under us is made anew") {
  const TempDir folder;
  HandClock clock;
  LogFile file(clock, folder / "logs" / "s.log", {});
  file.write("one\n", logs::Stream::together);
  std::filesystem::remove_all(folder / "logs");
  file.write("two\n", logs::Stream::together);
  std::filesystem::remove(folder / "logs" / "s.log.idx");
  clock.advance(1s);
  file.write("three\n", logs::Stream::together);
  CHECK(read_file(folder / "logs" / "s.log") == "two\nthree\n");
  CHECK(logs::PartReader::open({folder / "logs" / "s.log"})->marks().size() == 1);
}

TEST_CASE("lines that cannot be written are counted, and the file says so afterwards") {
  const TempDir folder;
  HandClock clock;
  const Path path = folder / "s.log";
  std::filesystem::create_symlink("/dev/full", path);
  LogFile file(clock, path, {});
  file.write("one\ntwo\n", logs::Stream::together);
  file.write("thr", logs::Stream::together);
  file.write("ee\n", logs::Stream::together);
  CHECK(file.dropped() == 3);
  std::filesystem::remove(path);
  file.write("four\n", logs::Stream::together);
  CHECK(read_file(path) == "[exai] 3 lines dropped: the log could not be written\nfour\n");
  CHECK(logs::PartReader::open({path})->marks().front().stream == logs::Stream::ours);
  CHECK(file.dropped() == 3);
}

TEST_CASE("a full disk never stops the service") {
  const TempDir folder;
  std::filesystem::create_symlink("/dev/full", folder / "s.log");
  Capturing logs(folder);
  logs.run("seq 1 100000; echo done > done");
  CHECK(std::filesystem::exists(folder / "done"));
  CHECK(logs.capture->dropped() == 100'000);
}

TEST_CASE("a compressed part reads as it was, from anywhere") {
  const TempDir folder;
  std::string text;
  for (int i = 0; text.size() < 5U << 20U; ++i) text += fmt::format("line {} of many\n", i);
  const Path plain = folder.write("s.log.000003", text);
  REQUIRE(logs::compress_file(plain, folder / "s.log.000003.zst"));
  std::filesystem::remove(plain);
  CHECK(std::filesystem::file_size(folder / "s.log.000003.zst") < text.size() / 4);
  const auto parts = logs::parts_of(folder / "s.log");
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].compressed);
  auto reader = logs::PartReader::open(parts[0]);
  REQUIRE(reader);
  CHECK(reader->size() == text.size());
  CHECK(reader->read(0, text.size() + 5) == text);
  for (const std::size_t at : {0UL, 1'048'575UL, 1'048'576UL, 3'000'000UL, text.size() - 1})
    CHECK(reader->read(at, 2'000'000) == text.substr(at, 2'000'000));
  CHECK(reader->read(text.size(), 10).empty());

  folder.write("d.log.000001.zst", read_file(folder / "s.log.000003.zst")->substr(0, 200'000));
  auto damaged = logs::PartReader::open({folder / "d.log", 1, true});
  REQUIRE(damaged);
  CHECK(text.starts_with(damaged->read(0, text.size())));
}

TEST_CASE("the keeper compresses what is complete, and keeps the whole below its limit") {
  const TempDir folder;
  Loop loop;
  HandClock clock;
  LogKeeper keeper(loop, folder.path(), 0, Log());
  LogFile file(clock, folder / "s.log", {.max_bytes = 20'000, .keep = 100});
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    file.write(line, logs::Stream::together);
    expected += line;
  }
  folder.write("s.log.000002.zst.part", "of a supervisor that died");
  REQUIRE(file.take_rotated());
  keeper.rotated(file);
  loop.run();
  const auto parts = logs::parts_of(folder / "s.log");
  CHECK(parts.size() == 6);
  for (const auto& part : parts) CHECK(part.compressed == (part.number != logs::kCurrent));
  CHECK(all_text(folder / "s.log") == expected);
  CHECK_FALSE(std::filesystem::exists(folder / "s.log.000002.zst.part"));
  CHECK_FALSE(std::filesystem::exists(folder / "s.log.000001"));

  const auto total = remove_oldest_parts(folder.path(), ~std::uint64_t{0});
  CHECK(remove_oldest_parts(folder.path(), total - 1) < total);
  const auto left = logs::parts_of(folder / "s.log");
  CHECK(left.size() == 5);
  CHECK(left.front().number == 2);
  remove_oldest_parts(folder.path(), 0);
  CHECK(logs::parts_of(folder / "s.log").size() == 1);
}
