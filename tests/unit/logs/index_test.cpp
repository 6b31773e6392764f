#include "core/logs/index.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"

using namespace exai;
using namespace exai::logs;

namespace {

Mark mark(std::uint64_t offset, int second, std::uint64_t sequence = 1) {
  return {offset, *parse_utc(fmt::format("2026-11-21T03:42:{:02}.123Z", second)), sequence,
          Stream::together};
}

std::string encoded(const std::vector<Mark>& marks) {
  std::string bytes;
  for (const Mark& each : marks) bytes += encode(each);
  return bytes;
}

}  // namespace

TEST_CASE("a mark is 32 bytes, and comes back as it was") {
  const Mark one{0x1234567890ABCDEF, *parse_utc("2026-11-21T03:42:19.123Z"), 7, Stream::err};
  CHECK(encode(one).size() == kMarkBytes);
  CHECK(encode(one).substr(0, 8) == "\xEF\xCD\xAB\x90\x78\x56\x34\x12");
  CHECK(decode(encode(one)) == one);
}

TEST_CASE("what is torn or wrong is no mark") {
  const std::string good = encode(mark(5, 1));
  for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(decode(good.substr(0, size)));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string wrong = good;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    CHECK_FALSE(decode(wrong));
  }
}

TEST_CASE("of an index what is right is taken") {
  const std::vector<Mark> marks{mark(0, 1), mark(10, 2), mark(20, 3)};
  const std::string bytes = encoded(marks);
  CHECK(parse_index(bytes, 30) == marks);
  CHECK(parse_index(bytes + "torn", 30) == marks);
  CHECK(parse_index(bytes, 20) == std::vector<Mark>{marks[0], marks[1]});
  CHECK(parse_index(encode(marks[0]) + std::string(32, 'x') + encode(marks[2]), 30) ==
        std::vector<Mark>{marks[0], marks[2]});
  CHECK(parse_index("", 30).empty());
}

TEST_CASE("where offsets fall the later marks count") {
  CHECK(parse_index(encoded({mark(0, 1), mark(10, 2), mark(20, 3), mark(10, 4), mark(15, 5)}),
                    30) == std::vector<Mark>{mark(0, 1), mark(10, 4), mark(15, 5)});
}

TEST_CASE("a mark holds up to the next one") {
  const std::vector<Mark> marks{mark(5, 1), mark(10, 2)};
  CHECK(mark_at(marks, 4) == nullptr);
  CHECK(mark_at(marks, 5) == &marks[0]);
  CHECK(mark_at(marks, 9) == &marks[0]);
  CHECK(mark_at(marks, 10) == &marks[1]);
  CHECK(mark_at(marks, 1000) == &marks[1]);
}

TEST_CASE("where a time begins is found, even if a clock was set back") {
  const std::vector<Mark> marks{mark(0, 1), mark(10, 5), mark(20, 2), mark(30, 6)};
  CHECK(offset_since(marks, mark(0, 0).time, 40) == 0);
  CHECK(offset_since(marks, mark(0, 2).time, 40) == 10);
  CHECK(offset_since(marks, mark(0, 6).time, 40) == 30);
  CHECK(offset_since(marks, mark(0, 7).time, 40) == 40);
  CHECK(offset_since({}, mark(0, 7).time, 40) == 0);
}
