#pragma once
// The outcome of reading a stack file, as text and as JSON. Pure.

#include <string>

#include "core/base/json.hpp"
#include "core/config/config.hpp"

namespace exai::cli {

// "exai.toml is valid: 2 services, 2 layers, 0 problems", and before it what was read.
std::string validation_summary(const config::Loaded& loaded, const std::string& stack_file);

// {"valid","errors","warnings","files":[{"path"}],"diagnostics":[{…}]}
json::object validation_json(const config::Loaded& loaded);

}  // namespace exai::cli
