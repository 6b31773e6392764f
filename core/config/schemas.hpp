#pragma once
// The JSON Schemas that are shipped inside the programs, as text: for editors and other tools.

#include <span>
#include <string_view>

namespace exai::config {

struct ShippedSchema {
  std::string_view name;     // "stack"
  std::string_view summary;  // what it describes
  std::string_view text;
};

std::span<const ShippedSchema> shipped_schemas();

}  // namespace exai::config
