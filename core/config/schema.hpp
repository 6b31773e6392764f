#pragma once
// A tree against a JSON Schema (draft 7): all that is wrong, each at its place, in words. Editors
// use the same schema file.
//
// Keywords: type, properties, additionalProperties, propertyNames, required, items, enum, const,
// minimum, maximum, minLength, maxLength, minItems, uniqueItems, oneOf, anyOf, $ref to a local
// definition, and x-exai.format (see formats.hpp). `pattern` is for editors only. Of oneOf and
// anyOf, the branch that fits the value's type is meant, else the one with the fewest errors;
// branches that only require a key each mean "exactly one of these keys".
//
// A null is a value that is not known (a variable in it is not set, which was reported): it fits.

#include <span>
#include <string_view>

#include "core/base/json.hpp"
#include "core/config/diagnostics.hpp"

namespace exai::config {

// CFG001 … CFG005, CFG021 for an item that is listed twice. `schema` must be sound: an unknown
// $ref or format aborts.
Diagnostics check_schema(const json::object& schema, const Node& document);

// What check_schema looks at or may ignore; a schema with another keyword would promise too much.
std::span<const std::string_view> schema_keywords();

}  // namespace exai::config
