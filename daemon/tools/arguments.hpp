#pragma once
// Arguments of a call against the tool's input schema. Pure.

#include <string>
#include <vector>

#include "core/base/json.hpp"

namespace exai::tools {

// Everything that is wrong, one sentence each; empty: valid. A null argument counts as absent.
std::vector<std::string> check_arguments(const json::object& schema, const json::object& arguments);

}  // namespace exai::tools
