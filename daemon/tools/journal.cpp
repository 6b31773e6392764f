#include "daemon/tools/journal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::tools {

json::object to_json(const JournalEntry& entry) {
  json::object object{{"time", format_utc(entry.time)},
                      {"tool", entry.tool},
                      {"outcome", entry.error.empty() ? "ok" : "error"},
                      {"took_ms", entry.took.count()},
                      {"request_id", entry.request_id},
                      {"session_id", entry.session_id}};
  if (!entry.error.empty()) object["error"] = entry.error;
  return object;
}

std::string to_line(const JournalEntry& entry) {
  std::string line = fmt::format("{} {} {} in {} request={} session={}", format_utc(entry.time),
                                 entry.tool, entry.error.empty() ? "ok" : "failed",
                                 format_duration(entry.took), entry.request_id, entry.session_id);
  if (!entry.error.empty()) line += ": " + entry.error;
  return line;
}

void Journal::add(JournalEntry entry) {
  std::string& error = entry.error;
  error = printable(error.substr(0, std::min(error.find('\n'), kLongestError)));
  entries_.push_back(std::move(entry));
  if (entries_.size() <= kMost) return;
  entries_.pop_front();
  ++forgotten_;
}

std::vector<JournalEntry> Journal::last(std::size_t count, std::string_view tool) const {
  std::vector<JournalEntry> found;
  for (auto entry = entries_.rbegin(); entry != entries_.rend() && found.size() < count; ++entry)
    if (tool.empty() || entry->tool == tool) found.push_back(*entry);
  std::ranges::reverse(found);
  return found;
}

}  // namespace exai::tools
