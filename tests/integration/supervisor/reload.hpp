#pragma once
// A reload that is answered, and its plan in words.

#include "tests/integration/supervisor/stack.hpp"

namespace exai::test {

inline control::Reloaded reload(SupervisedStack& stack, bool dry_run = false) {
  const auto answer = stack.client().reload(dry_run);
  INFO((answer ? "" : answer.error().message()));
  REQUIRE(answer);
  return *answer;
}

// "web: restart (env.A)", a line each.
inline std::string text_of(const control::Reloaded& reloaded) {
  std::vector<std::string> lines;
  for (const control::ReloadChange& change : reloaded.changes)
    lines.push_back(
        fmt::format("{}: {} ({})", change.service, change.action, join(change.why, ", ")));
  return join(lines, "; ");
}

}  // namespace exai::test
