#pragma once
// What plain YAML scalars mean to Go programs, which Docker Compose is: null, boolean, integer and
// number by the rules of go-yaml (YAML 1.2 with octals of 1.1); everything else is text.

#include <string>
#include <string_view>

#include "core/config/tree.hpp"

namespace exai::config {

decltype(Node::value) plain_scalar(std::string_view text);

// A scalar as Go prints it, which is what a container gets: 1e3 → "1000", 1.10 → "1.1", true →
// "true", null → "". Of lists and tables: "".
std::string scalar_text(const Node& node);

}  // namespace exai::config
