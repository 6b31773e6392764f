#include "daemon/mcp/event_log.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::mcp;

namespace {

std::vector<std::string> messages_after(const EventLog& log, EventLog::Id id) {
  std::vector<std::string> messages;
  const auto events = log.after(id);
  if (!events) return {"! " + events.error().message()};
  for (const auto& event : *events) messages.push_back(event.message);
  return messages;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("what follows an event is what came later on the same stream") {
  EventLog log;
  CHECK(EventLog::to_text(log.append(1, "").id) == "1-1");
  log.append(2, "other");
  log.append(1, "a");
  CHECK(EventLog::to_text(log.append(1, "b").id) == "1-3");
  CHECK(messages_after(log, {1, 1}) == Lines{"a", "b"});
  CHECK(messages_after(log, {1, 3}).empty());
  CHECK(messages_after(log, {2, 1}).empty());
  CHECK(log.knows(2));
  CHECK_FALSE(log.knows(3));
}

TEST_CASE("an event that was never sent is nothing to go on from") {
  EventLog log;
  log.append(1, "a");
  CHECK(messages_after(log, {1, 0}) == Lines{"! there is no event 1-0 to go on from"});
  CHECK(messages_after(log, {1, 2}) == Lines{"! there is no event 1-2 to go on from"});
  CHECK(messages_after(log, {7, 1}) == Lines{"! there is no event 7-1 to go on from"});
}

TEST_CASE("ids are read as they are written, and nothing else is one") {
  CHECK(EventLog::parse("12-34") == EventLog::Id{12, 34});
  for (const char* text :
       {"", "-", "1", "1-", "-1", "1-x", "x-1", "1--1", "1-99999999999999999999"})
    CHECK_FALSE(EventLog::parse(text));
}

TEST_CASE("of the streams that have ended the last 64 are kept, and those that run besides") {
  EventLog log;
  log.append(1, "running");
  for (std::uint64_t stream = 2; stream < 1000; ++stream) {
    log.append(stream, "a");
    log.end(stream);
    log.end(stream);
  }
  CHECK(log.knows(1));
  CHECK_FALSE(log.knows(935));
  CHECK(log.knows(936));
  CHECK(messages_after(log, {999, 1}).empty());
  CHECK(log.bytes() < 65 * 80);
}

TEST_CASE("beyond the limit ended streams go first, and running ones keep their newest event") {
  const std::string large(1000, 'x');
  EventLog log(2500);
  log.append(1, large);
  log.append(2, large);
  log.end(2);
  log.append(1, "newest");
  log.append(3, large);  // makes room by stream 2, though 1 is older
  CHECK_FALSE(log.knows(2));
  CHECK(messages_after(log, {1, 1}) == Lines{"newest"});
  log.append(3, large + large);
  CHECK(messages_after(log, {1, 1}) == Lines{"newest"});  // its first event has gone, that is all
  CHECK(messages_after(log, {3, 1}) == Lines{large + large});
  log.append(3, large);
  CHECK(messages_after(log, {3, 1}) ==
        Lines{"! event 3-1 is too long ago: what followed it is no longer kept"});
  CHECK(log.bytes() <= 2500);
}
