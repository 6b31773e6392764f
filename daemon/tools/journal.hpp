#pragma once
// The calls of tools that this daemon has answered, the last 500 of them, in memory: what
// `activity` and `toolcall_log_tail` show. No argument is kept, and of an error its first line,
// without secrets. Replicas keep their own. Thread: loop.

#include <deque>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/time.hpp"

namespace exai::tools {

struct JournalEntry {
  WallTime time;  // when it ended
  std::string tool;
  std::string request_id;
  std::string session_id;
  Duration took{};
  std::string error;  // empty: it went well
};

json::object to_json(const JournalEntry& entry);
std::string to_line(const JournalEntry& entry);  // "2026-…Z chat ok in 1.2s request=… session=…"

class Journal {
 public:
  static constexpr std::size_t kMost = 500;
  static constexpr std::size_t kLongestError = 300;  // bytes

  void add(JournalEntry entry);
  // The newest `count`, oldest first; those of one tool only, unless `tool` is empty.
  std::vector<JournalEntry> last(std::size_t count, std::string_view tool = "") const;
  std::size_t forgotten() const { return forgotten_; }

 private:
  std::deque<JournalEntry> entries_;
  std::size_t forgotten_ = 0;
};

}  // namespace exai::tools
