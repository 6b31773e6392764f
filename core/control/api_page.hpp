#pragma once
// The page docs/control-api.md, made from the tables of methods.hpp. Pure.

#include <string>

namespace exai::control {

std::string api_page();

}  // namespace exai::control
