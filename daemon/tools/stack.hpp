#pragma once
// The stack that runs this daemon, as its tools see it. Its owner (daemon/stack_link.hpp) speaks
// the control protocol; tests have one of their own. All of it is bounded, and nothing of it waits
// longer than a few seconds.
//
// Errors: unavailable (the supervisor does not answer), timeout, not_found (no such service, with
// the nearest name), denied (this daemon may not), invalid.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/loop.hpp"

namespace exai::tools {

struct LogTail {
  struct Line {
    std::optional<WallTime> time;  // when it came; none: not known
    std::string stream;            // "stdout", "stderr", "exai"; empty: both together
    std::string text;
  };
  std::vector<Line> lines;  // oldest first
  bool older_left = false;  // there are earlier ones
};

class Stack {
 public:
  static constexpr std::size_t kMostLines = 500;
  static constexpr std::size_t kMostBytes = 256U << 10U;  // of a tail

  virtual ~Stack() = default;
  virtual const std::string& own_service() const = 0;  // this daemon's name; empty: not known
  // The names that the last status had; for completion.
  virtual const std::vector<std::string>& known_services() const = 0;
  // As docs/control-api.md has them: a StackStatus (of one service, unless it is empty), an
  // EventPage.
  virtual Task<Result<json::object>> status(std::string service) = 0;
  virtual Task<Result<json::object>> events(std::uint64_t since) = 0;
  // The last `lines` of a service's log, at most kMostLines and kMostBytes.
  virtual Task<Result<LogTail>> log(std::string service, std::size_t lines) = 0;
  // What is wrong with the stack as its supervisor sees it, and the first cause: "ok",
  // "first_cause", "findings", as exai doctor --json has them. `health` is this daemon's report of
  // itself. A supervisor that does not answer is a finding, no error.
  virtual Task<Result<json::object>> doctor(json::object health) = 0;
  virtual Task<Result<json::object>> restart(std::string service) = 0;
};

}  // namespace exai::tools
