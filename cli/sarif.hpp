#pragma once
// Findings as SARIF 2.1.0 (OASIS), for code scanning services. Pure. One run; a rule for each code
// of the catalogue; a result for each finding, with a fingerprint that does not depend on its line
// and the fix that it proposes. No list is empty but that of the results, where nothing was found:
// only so a service learns that old findings are gone. No line is 0.
//
// A fix that touches or repeats what is secret is left out.

#include <vector>

#include "cli/validation.hpp"

namespace exai::cli {

// Files by their path below `root`, where they are there.
json::object sarif(const std::vector<Validated>& all, const config::Path& root);

}  // namespace exai::cli
