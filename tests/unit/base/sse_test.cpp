#include <catch2/catch.hpp>
#include <vector>

#include "core/base/http.hpp"

namespace exai {

// For failed comparisons.
std::ostream& operator<<(std::ostream& out, const SseEvent& event) {
  return out << "{event=" << event.event << " data=" << event.data << " id=" << event.id << "}";
}

namespace {

using Events = std::vector<SseEvent>;

SseEvent data(std::string text) { return SseEvent{"", std::move(text), ""}; }

// All events of a text that arrives in pieces of `size` bytes.
Events events_of(std::string_view text, std::size_t size) {
  SseParser parser;
  Events events;
  for (std::size_t at = 0; at < text.size(); at += size) {
    REQUIRE(parser.feed(text.substr(at, size)));
    while (auto event = parser.next()) events.push_back(*event);
  }
  return events;
}

TEST_CASE("server-sent events are the same however the bytes are cut") {
  const auto [title, text, expected] = GENERATE(table<const char*, std::string, Events>({
      {"one event", "data: a\n\n", {data("a")}},
      {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", {data("a"), data("b")}},
      {"CR", "data: a\r\rdata: b\r\r", {data("a"), data("b")}},
      {"line ends mixed", "data: a\r\ndata: b\rdata: c\n\n", {data("a\nb\nc")}},
      {"several data lines", "data: a\ndata:\ndata: b\n\n", {data("a\n\nb")}},
      {"one blank after the colon goes", "data:  a\ndata:b \n\n", {data(" a\nb ")}},
      {"a field without a colon", "data\n\n", {data("")}},
      {"two empty data lines", "data\ndata\n\n", {data("\n")}},
      {"a colon in the value", "data: a: b\n\n", {data("a: b")}},
      {"comments", ": keep-alive\n\n:\ndata: a\n: b\n\n", {data("a")}},
      {"a byte order mark", "\xEF\xBB\xBF" "data: a\n\n", {data("a")}},
      {"a second mark is not one", "\xEF\xBB\xBF\xEF\xBB\xBF" "data: a\n\n", {}},
      {"a mark later on is not one", "data: a\n\n\xEF\xBB\xBF" "data: b\n\n", {data("a")}},
      {"a name", "event: ping\ndata: a\n\ndata: b\n\n", {{"ping", "a", ""}, data("b")}},
      {"the name of an event without data is forgotten", "event: x\n\ndata: a\n\n", {data("a")}},
      {"an id stays", "id: 7\ndata: a\n\ndata: b\n\n", {{"", "a", "7"}, {"", "b", "7"}}},
      {"an id without data counts", "id: 7\n\ndata: a\n\n", {{"", "a", "7"}}},
      {"an empty id resets", "id: 7\ndata: a\n\nid\ndata: b\n\n", {{"", "a", "7"}, data("b")}},
      {"an id with a NUL is ignored", std::string("id: 7\0\ndata: a\n\n", 17), {data("a")}},
      {"retry and unknown fields", "retry: 10\nfoo: b\ndata: a\n\n", {data("a")}},
      {"names are not trimmed", " data: a\ndata : b\n\n", {}},
      {"the last event needs its empty line", "data: a\n\ndata: b\n", {data("a")}},
      {"nothing", "\n\n\r\n", {}},
  }));
  INFO(title);
  const std::size_t size = GENERATE(1U, 2U, 3U, 7U, 1000U);
  CHECK(events_of(text, size) == expected);
}

TEST_CASE("an event is given out as soon as its empty line is there") {
  SseParser parser;
  REQUIRE(parser.feed("data: a\r\r"));
  CHECK(parser.next() == data("a"));
  REQUIRE(parser.feed("\ndata: b\n\n"));  // the LF belongs to the CR before it
  CHECK(parser.next() == data("b"));
  CHECK(parser.next() == std::nullopt);
}

TEST_CASE("an event over the limit is refused, also when its line never ends") {
  SseParser parser(16);
  REQUIRE(parser.feed("data: 0123456789"));
  const Result<> refused = parser.feed("0");
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Error(Errc::invalid, "a server-sent event is larger than 16 bytes"));
  CHECK_FALSE(parser.feed("\n\ndata: b\n\n"));
  CHECK(parser.next() == std::nullopt);
}

TEST_CASE("the limit counts all data lines of one event") {
  SseParser parser(16);
  REQUIRE(parser.feed("data: 0123\n\ndata: 4567\n\n"));
  CHECK_FALSE(parser.feed("data: 01234\ndata: 56789\ndata: 01234\n"));
}

}  // namespace
}  // namespace exai
