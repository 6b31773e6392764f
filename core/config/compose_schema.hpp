#pragma once
// A Compose file's tree against schemas/compose.schema.json: keys that Compose does not know and
// values of the wrong kind, as CMP003.

#include "core/config/schema.hpp"
#include "core/config/yaml.hpp"

namespace exai::config {

// `yaml`: what was said besides the tree. A finding at an alias says where the value comes from;
// what is reset is not looked at. `nulls`: unknown when a text of the tree could not be expanded,
// which was reported.
void check_compose_schema(const Node& tree, const Yaml& yaml, Nulls nulls,
                          Diagnostics& diagnostics);

}  // namespace exai::config
