#include "daemon/mcp/session_table.hpp"

#include <algorithm>

namespace exai::mcp {

namespace {

bool is_idle(const SessionTable::Entry& entry) {
  return entry.session.in_flight() == 0 && entry.held_open == 0;
}

}  // namespace

bool SessionTable::is_expired(const Entry& entry, Time now) const {
  return is_idle(entry) && now - entry.used >= limits_.idle;
}

void SessionTable::erase(Entries::iterator entry) {
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

Result<SessionTable::Entry*> SessionTable::add(std::string id, Session session, Time now) {
  EXAI_ASSERT(!by_id_.contains(id));
  if (entries_.size() >= limits_.sessions) {
    const auto idle = std::find_if(entries_.begin(), entries_.end(), is_idle);
    if (idle == entries_.end())
      return fail(Errc::unavailable, "all {} sessions have calls in flight", entries_.size());
    erase(idle);
  }
  const auto entry = entries_.insert(entries_.end(), Entry{std::move(id), std::move(session), now});
  by_id_.emplace(entry->id, entry);
  return &*entry;
}

SessionTable::Entry* SessionTable::use(std::string_view id, Time now) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  const auto entry = found->second;
  if (is_expired(*entry, now)) {
    erase(entry);
    return nullptr;
  }
  entry->used = now;
  entries_.splice(entries_.end(), entries_, entry);
  return &*entry;
}

SessionTable::Entry* SessionTable::find(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

bool SessionTable::remove(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  erase(found->second);
  return true;
}

std::size_t SessionTable::expire(Time now) {
  std::size_t ended = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry++;
    if (now - current->used < limits_.idle) break;  // and so are all that follow
    if (!is_idle(*current)) continue;
    erase(current);
    ++ended;
  }
  return ended;
}

}  // namespace exai::mcp
