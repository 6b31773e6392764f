#pragma once
// The sessions of a transport that has no connection to tie them to (HTTP): by id, at most so many,
// and gone when nobody used them for long. Clients rarely end their sessions; without this a server
// leaks them until it dies. Pure: `now` is an argument.
//
// A session with a call in flight, or with a stream held open, is busy: it neither expires nor
// makes room for another. Every operation costs the same however many sessions there are, except
// that expire() and a full add() skip the busy ones among the least recently used.

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/mcp/event_log.hpp"
#include "daemon/mcp/session.hpp"

namespace exai::mcp {

class SessionTable {
 public:
  struct Limits {
    std::size_t sessions = 1000;
    Duration idle = 1h;
  };
  struct Entry {
    std::string id;
    Session session;
    Time used;
    EventLog events = EventLog();
    std::uint64_t streams = 0;  // opened ever
    std::size_t held_open = 0;  // streams without a call that its client has open
    std::string owner = {};     // who may use it; empty: whoever comes in without a name
  };

  explicit SessionTable(Limits limits) : limits_(limits) {}
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // Keeps the session. When the table is full the least recently used idle one makes room.
  // Errors: unavailable, when all are busy.
  Result<Entry*> add(std::string id, Session session, Time now);
  // The session, now the most recently used; nullptr: unknown or expired.
  Entry* use(std::string_view id, Time now);
  // The same without counting as use: for what happens on its own, like the end of a call.
  Entry* find(std::string_view id);
  bool remove(std::string_view id);
  // Ends what has been idle for too long. Returns: how many.
  std::size_t expire(Time now);

  // Each session, for what concerns them all. `visit` must not add or remove any.
  template <class Visit>
  void for_each(Visit visit) {
    for (Entry& entry : entries_) visit(entry);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<Entry>;
  bool is_expired(const Entry& entry, Time now) const;
  void erase(Entries::iterator entry);

  Limits limits_;
  Entries entries_;                                                // least recently used first
  std::unordered_map<std::string_view, Entries::iterator> by_id_;  // keys live in the entries
};

}  // namespace exai::mcp
