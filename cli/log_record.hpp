#pragma once
// What a line of a log says, when it is a JSON object as structured loggers write it. Pure.
//
//   {"time":"…","level":"warn","msg":"slow","ms":812}   →   WARN  slow ms=812

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/base/time.hpp"

namespace exai::cli {

struct LogRecord {
  std::string level;  // "warn"; empty: it has none
  std::string message;
  json::object fields;  // the others, but the time
  std::optional<WallTime> time;
  json::object whole;
};

// None: it is no object.
std::optional<LogRecord> parse_record(std::string_view line);
std::string as_text(const LogRecord& record);

// A moment as people write it: "10m" (ago), "14:30", "2026-11-21 14:30:05" (in this process's
// zone), "2026-11-21T03:42:19.123Z". Errors: invalid, with what it may be.
Result<WallTime> parse_moment(std::string_view text, WallTime now);

}  // namespace exai::cli
