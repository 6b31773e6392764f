#pragma once
// Findings that somebody has looked at and wants to keep, said beside the line they are about:
//
//   REDIS_PASSWORD=changeme   # exai:allow SEC005 only the tests use this file
//
//   # exai:allow PRT004 the firewall forwards 443 to it
//   ports: ["443:8443"]
//
// In environment files, TOML, YAML and Dockerfiles: whatever comments with "#". A comment behind
// something is about its line; a comment alone is about the next line that is no comment, too. One
// code each, and a reason, because the next reader will ask. A code that does not exist, a missing
// reason and an allowance that allows nothing are findings themselves (CFG026, CFG027).
//
// What makes a file unreadable or a value unusable cannot be allowed away: nothing could be started
// from it.

#include <string_view>
#include <vector>

#include "core/config/config.hpp"

namespace exai::config {

bool can_be_allowed(std::string_view code);
bool can_be_allowed(const Diagnostic& finding);

// Takes away what is allowed and adds what is wrong with the allowances. With Scope::stack fewer
// rules have something to look at, so there unused ones are not reported.
// Returns: how many findings were allowed.
std::size_t apply_allowances(const std::vector<SourcePtr>& sources, Scope scope,
                             Diagnostics& diagnostics);

}  // namespace exai::config
