#pragma once
// The kinds of check, for the files of core/checks. A new kind is a function in a file of its own
// (or its family's), its row in the table of kinds.cpp, and its key in schemas/stack.schema.json.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/checks/check.hpp"

namespace exai::checks {

// One run under way: what it may use, and where it is. Lives until its prove() has ended.
struct Attempt {
  Loop& loop;
  Clock& clock;
  HttpClient& http;
  std::unique_ptr<Island>& names;
  const Subject& subject;
  Duration timeout;
  // What it waits for now, "connecting to 127.0.0.1:6379": a timeout names it.
  std::string step;

  // Nothing when no variable is named or it has no value.
  std::optional<Secret> secret(const std::string& variable) const;
};

// What was proven, or in the error's message why not; both are read by an operator. A deadline is
// not theirs to keep: they are cancelled.
using Proof = Result<std::string>;

Task<Proof> prove_command(Attempt& attempt, config::Check check);  // system.cpp
Task<Proof> prove_http(Attempt& attempt, config::Check check);     // network.cpp
Task<Proof> prove_log(Attempt& attempt, config::Check check);      // system.cpp
Task<Proof> prove_mcp(Attempt& attempt, config::Check check);      // mcp.cpp
Task<Proof> prove_notify(Attempt& attempt, config::Check check);   // system.cpp
Task<Proof> prove_process(Attempt& attempt, config::Check check);  // system.cpp
Task<Proof> prove_redis(Attempt& attempt, config::Check check);    // redis.cpp
Task<Proof> prove_tcp(Attempt& attempt, config::Check check);      // network.cpp

struct Kind {
  std::string_view name;
  Task<Proof> (*prove)(Attempt& attempt, config::Check check);
};
std::span<const Kind> kinds();

}  // namespace exai::checks
