#pragma once
// What `exai validate` has found: as text for people and as JSON. Pure. The formats of other
// programs are in annotations.hpp and sarif.hpp.

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/config/config.hpp"

namespace exai::cli {

// One thing that was validated.
struct Validated {
  std::string label;  // "exai.toml", "services/web"
  config::Loaded loaded;
  std::size_t ignored = 0;  // findings that the baseline knows
};

std::size_t count(const Validated& one, config::Severity severity);

// The number of the worst that was found: 2 with errors, 1 with something at or above `fail_on`.
int verdict(const std::vector<Validated>& all, config::Severity fail_on);

// Findings with one cause are one story: what follows from a finding is told below it as a number,
// unless everything is wanted.
enum class Telling { stories, everything };
std::string findings_text(const config::Diagnostics& findings, Telling telling,
                          config::Colour colour);

// "exai.toml is valid: 2 services, 2 layers, 0 problems", and before it what was read.
std::string validation_summary(const Validated& one);

// {"valid","errors","warnings","infos","allowed","ignored","dropped","files":[{"path"}],
//  "diagnostics":[{…,"name","evidence","fingerprint","project"}]}
json::object validation_json(const std::vector<Validated>& all);

}  // namespace exai::cli
