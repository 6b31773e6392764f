#pragma once
// The table of all kinds of check, for check.cpp and the files that hold the kinds. A new kind is a
// struct in core/config/settings.hpp, a prove() in a file of its own (or its family's), and one
// line at the end of this header.

#include <memory>
#include <optional>
#include <string>

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

Task<Proof> prove(Attempt& attempt, config::ProcessCheck check);  // system.cpp
Task<Proof> prove(Attempt& attempt, config::CommandCheck check);  // system.cpp
Task<Proof> prove(Attempt& attempt, config::TcpCheck check);      // network.cpp
Task<Proof> prove(Attempt& attempt, config::HttpCheck check);     // network.cpp
Task<Proof> prove(Attempt& attempt, config::RedisCheck check);    // redis.cpp
Task<Proof> prove(Attempt& attempt, config::McpCheck check);      // mcp.cpp

}  // namespace exai::checks
