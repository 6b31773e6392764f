#pragma once
// The replay buffer of one session: what went out on its event streams, so that a client whose
// connection broke can have the rest (Last-Event-ID). Pure.
//
//   event id   "<stream>-<number>": 3-1, 3-2, … unique in the session, and it names the stream
//
// Bounded: the 64 streams that ended last are kept, for clients come back at once or never. Beyond
// the limit of bytes whole streams that have ended go first, then the oldest events of the others,
// but never a stream's newest. A client that asks for what has gone is told so.

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace exai::mcp {

class EventLog {
 public:
  struct Id {
    std::uint64_t stream = 0;
    std::uint64_t number = 0;  // from 1
    friend bool operator==(const Id&, const Id&) = default;
  };
  struct Event {
    Id id;
    std::string message;  // JSON; empty: it only says where the stream begins
    friend bool operator==(const Event&, const Event&) = default;
  };

  explicit EventLog(std::size_t limit_bytes = kLimit) : limit_(limit_bytes) {}

  Event append(std::uint64_t stream, std::string message);
  void end(std::uint64_t stream);  // nothing more will come on it
  // What came on that stream after the event. Errors: not_found, when we do not know the stream or
  // not all of it is there any more.
  Result<std::vector<Event>> after(Id id) const;

  bool knows(std::uint64_t stream) const { return streams_.contains(stream); }
  std::size_t bytes() const { return bytes_; }

  static std::string to_text(Id id);
  static std::optional<Id> parse(std::string_view text);

 private:
  static constexpr std::size_t kLimit = 256U << 10U;
  static constexpr std::size_t kMostEnded = 64;
  struct Stream {
    std::list<Event> events;  // most streams have two: nothing that is large when it is empty
    std::uint64_t last = 0;  // number given out
    bool ended = false;
  };
  void make_room();
  void drop_oldest(Stream& stream);
  void forget(std::uint64_t stream);

  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::map<std::uint64_t, Stream> streams_;
  std::deque<std::uint64_t> ended_;  // of streams_, in that order
};

}  // namespace exai::mcp
