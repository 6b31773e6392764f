#pragma once
// Values of a document beside values of a schema: what counts as equal, and how one is shown.

#include <optional>
#include <string>

#include "core/base/json.hpp"
#include "core/config/schema_forms.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

std::optional<double> number_of(const Node& node);
// 1 and 1.0 are equal, 1 and true are not; the order of keys does not matter.
bool equals(const json::value& value, const Node& node);
// The same text for equal values, and for no others.
std::string canonical(const Node& node);
bool is_multiple(double value, double of);

// Kinds in words: "text, a whole number or a list".
std::string words_of(Kinds kinds, Notation notation);
// A value as the file would say it, short enough for a message.
std::string shown(const Node& node, Notation notation);
// A value of the schema as one writes it in the file: { mcp = 8079 } or {"mcp":8079}.
std::string written(const json::value& value, Notation notation);

}  // namespace exai::config
