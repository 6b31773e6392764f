// exai logs on real files: read from the end, from a time, by what is looked for, and followed.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "cli/tail.hpp"
#include "core/base/text.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::cli;
using test::TempDir;

namespace {

using Texts = std::vector<std::string>;

Texts texts(const std::vector<LogLine>& lines) {
  Texts result;
  for (const LogLine& line : lines) result.push_back(line.text);
  return result;
}

WallTime at(int second) {
  return *parse_utc("2026-11-21T00:00:00.000Z") + std::chrono::seconds(second);
}

void append(const Path& file, std::string_view text) {
  const Fd fd = *open_file(file, O_WRONLY | O_CREAT | O_APPEND);
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// A log and its index, as a supervisor writes them: one mark for each line.
struct Written {
  explicit Written(Path path) : log(std::move(path)) {}
  void line(int second, std::string_view text) {
    const logs::Mark mark{size, at(second), ++sequence, logs::Stream::together};
    append(logs::index_of(log), logs::encode(mark));
    append(log, std::string(text) + "\n");
    size += text.size() + 1;
  }
  void rotate(int number) {
    const Path part = fmt::format("{}.{:06}", log.string(), number);
    std::filesystem::rename(logs::index_of(log), logs::index_of(part));
    std::filesystem::rename(log, part);
    size = 0;
  }
  Path log;
  std::uint64_t size = 0;
  std::uint64_t sequence = 0;
};

// Three parts, the first one compressed.
Written three_parts(const TempDir& folder) {
  Written log(folder / "web.log");
  log.line(1, "one");
  log.line(2, "two");
  log.rotate(1);
  REQUIRE(logs::compress_file(folder / "web.log.000001", folder / "web.log.000001.zst"));
  std::filesystem::remove(folder / "web.log.000001");
  log.line(3, "three");
  log.line(4, "four");
  log.rotate(2);
  log.line(5, "five");
  return log;
}

Texts all(const Path& log, const LogFilter& filter = {}) {
  LogSource source(log, "web", filter);
  Texts result;
  while (source.peek() != nullptr) result.push_back(source.take().text);
  return result;
}

}  // namespace

TEST_CASE("the last lines reach back into parts, compressed ones too, and have their times") {
  const TempDir folder;
  const Written log = three_parts(folder);
  CHECK(texts(last_lines(log.log, "web", 100)) == Texts{"one", "two", "three", "four", "five"});
  CHECK(texts(last_lines(log.log, "web", 4)) == Texts{"two", "three", "four", "five"});
  CHECK(last_lines(log.log, "web", 0).empty());
  CHECK(last_lines(folder / "none.log", "none", 5).empty());
  const auto lines = last_lines(log.log, "web", 2);
  CHECK(lines == std::vector<LogLine>{{"web", at(4), "four"}, {"web", at(5), "five"}});
}

TEST_CASE("all lines are read from the oldest on, or from a time to a time") {
  const TempDir folder;
  const Written log = three_parts(folder);
  CHECK(all(log.log) == Texts{"one", "two", "three", "four", "five"});
  LogFilter filter;
  filter.since = at(2);
  CHECK(all(log.log, filter) == Texts{"two", "three", "four", "five"});
  filter.until = at(4);
  CHECK(all(log.log, filter) == Texts{"two", "three", "four"});
  filter.since = at(6);
  CHECK(all(log.log, filter).empty());
  CHECK(texts(last_lines(log.log, "web", 9, kWholeLog, filter)).empty());
}

TEST_CASE("what is looked for is found in every part") {
  const TempDir folder;
  const Written log = three_parts(folder);
  LogFilter filter;
  filter.words = {"o"};
  CHECK(all(log.log, filter) == Texts{"one", "two", "four"});
  CHECK(texts(last_lines(log.log, "web", 2, kWholeLog, filter)) == Texts{"two", "four"});
  filter.words = {"o", "w"};
  CHECK(all(log.log, filter) == Texts{"two"});
  filter.words = {"e\nt"};
  CHECK(all(log.log, filter).empty());
}

TEST_CASE("lines are whole wherever a block or a part ends") {
  const TempDir folder;
  Written log(folder / "web.log");
  std::string text;
  Texts expected;
  for (int i = 0; i < 60'000; ++i) {
    expected.push_back(
        fmt::format("line {} {}", i, std::string(static_cast<std::size_t>(i) % 90, '.')));
    text += expected.back() + "\n";
  }
  const std::size_t half = text.size() / 2;
  folder.write("web.log.000001", text.substr(0, half));
  folder.write("web.log", text.substr(half));
  CHECK(all(log.log) == expected);
  LogFilter filter;
  filter.words = {"line 31234 "};
  CHECK(all(log.log, filter).size() == 1);
  CHECK(texts(last_lines(log.log, "web", 25'000)) ==
        Texts(expected.end() - 25'000, expected.end()));
}

TEST_CASE("a line that is longer than any should be comes in pieces") {
  const TempDir folder;
  const Path log = folder.write("web.log", std::string((5U << 20U) - 1, 'x') + "\nlast\n");
  const Texts lines = all(log);
  REQUIRE(lines.size() == 6);
  CHECK(lines[0].size() == kLongestLine);
  CHECK(lines[5] == "last");
  CHECK(last_lines(log, "web", 1).back().text == "last");
}

TEST_CASE("a time that the service prints itself is shown once") {
  const TempDir folder;
  Written log(folder / "web.log");
  log.line(1, "2026-11-21T00:00:00.900Z info  ready");
  log.line(2, "1999-01-01T00:00:00.000Z is long ago");
  log.line(3, "  at main.cpp:12");
  CHECK(last_lines(log.log, "web", 9) ==
        std::vector<LogLine>{{"web", at(1) - 100ms, "info  ready"},
                             {"web", at(2), "1999-01-01T00:00:00.000Z is long ago"},
                             {"web", at(3), "  at main.cpp:12"}});
}

TEST_CASE("a log without an index is read as far as its lines tell") {
  const TempDir folder;
  const Path log = folder.write(
      "supervisor.log", "2026-11-21T00:00:01.000Z one\n  more\n2026-11-21T00:00:03.000Z two\n");
  CHECK(last_lines(log, "s", 9) ==
        std::vector<LogLine>{{"s", at(1), "one"}, {"s", at(1), "  more"}, {"s", at(3), "two"}});
  LogFilter filter;
  filter.since = at(2);
  CHECK(all(log, filter) == Texts{"two"});
  filter = {};
  filter.words = {"more"};
  LogSource source(log, "s", filter);
  REQUIRE(source.peek() != nullptr);
  CHECK(source.take().time == at(1));
}

TEST_CASE("following goes on over rotations, however many there were in between") {
  const TempDir folder;
  Written log(folder / "web.log");
  log.line(1, "one");
  LogFollower follower(log.log, "web");
  CHECK(follower.poll().empty());
  log.line(2, "two");
  CHECK(follower.poll() == std::vector<LogLine>{{"web", at(2), "two"}});
  append(log.log, "par");
  CHECK(follower.poll().empty());
  append(log.log, "tial\n");
  log.size += 8;
  CHECK(texts(follower.poll()) == Texts{"partial"});
  log.line(3, "three");
  log.rotate(1);
  log.line(4, "four");
  log.rotate(2);
  log.line(5, "five");
  log.rotate(3);
  REQUIRE(logs::compress_file(folder / "web.log.000003", folder / "web.log.000003.zst"));
  std::filesystem::remove(folder / "web.log.000003");
  log.line(6, "six");
  CHECK(texts(follower.poll()) == Texts{"three", "four", "five", "six"});
  log.rotate(4);
  log.line(7, "seven");
  CHECK(texts(follower.poll()) == Texts{"seven"});
}

TEST_CASE("following goes on when a log is removed, moved away or truncated") {
  const TempDir folder;
  const Path log = folder.write("web.log", "one\n");
  LogFollower follower(log, "web");
  append(log, "cut");
  CHECK(follower.poll().empty());
  std::filesystem::rename(log, folder / "elsewhere");
  folder.write("web.log", "two\n");
  CHECK(texts(follower.poll()) == Texts{"cut", "two"});
  std::filesystem::remove(log);
  CHECK(follower.poll().empty());
  folder.write("web.log", "three\n");
  CHECK(texts(follower.poll()) == Texts{"three"});
  std::filesystem::resize_file(log, 0);
  CHECK(follower.poll().empty());
  append(log, "4\n");
  CHECK(texts(follower.poll()) == Texts{"4"});
}

TEST_CASE("following starts with the line that is being written, and the past ends before it") {
  const TempDir folder;
  const Path log =
      folder.write("web.log", "2026-11-21T00:00:01.000Z one\n2026-11-21T00:00:02.000Z t");
  LogFollower follower(log, "web");
  const auto past = last_lines(log, "web", 10, follower.position());
  CHECK(past == std::vector<LogLine>{{"web", at(1), "one"}});
  append(log, "wo\n");
  CHECK(follower.poll() == std::vector<LogLine>{{"web", at(2), "two"}});
}
