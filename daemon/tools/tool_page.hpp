#pragma once
// docs/TOOLS.md: every tool with what it takes and an example, from its definition. A test keeps it
// in step; `ninja generated` writes it anew.

#include <string>
#include <vector>

#include "daemon/tools/definition.hpp"

namespace exai::tools {

std::string tool_page(const std::vector<Definition>& tools);

}  // namespace exai::tools
