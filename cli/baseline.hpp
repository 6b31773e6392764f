#pragma once
// A list of findings that were there when a project took up `exai validate`: they are ignored until
// somebody puts them right, and everything new is reported. Pure.
//
//   {"version":1,"findings":[{"fingerprint":"…","code":"ENV011","file":"dev.env","about":"PORT"}]}
//
// A fingerprint is made of the code, the file and what the finding is about, not of the line: it
// survives edits elsewhere in the file. What cannot be allowed (allow.hpp) is in no baseline.

#include <set>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/config/diagnostics.hpp"

namespace exai::cli {

// One for each finding, in their order; the second of its kind in one file has another one.
std::vector<std::string> fingerprints(const config::Diagnostics& findings);

using Baseline = std::set<std::string>;

json::object baseline_json(const std::vector<const config::Diagnostics*>& findings);
// Errors: invalid, when it is no baseline.
Result<Baseline> parse_baseline(std::string_view text);

// Takes the known findings away. Returns: how many.
std::size_t ignore_known(const Baseline& baseline, config::Diagnostics& findings);

}  // namespace exai::cli
