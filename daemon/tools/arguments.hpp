#pragma once
// Arguments of a call against the tool's input schema, by the schema walker that also reads the
// stack file. Pure.

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/config/schema.hpp"

namespace exai::tools {

class ArgumentCheck {
 public:
  explicit ArgumentCheck(const json::object& input_schema);

  // Everything that is wrong, one sentence each; empty: valid. A null argument counts as absent.
  std::vector<std::string> problems(const json::object& arguments) const;

 private:
  config::Schema schema_;  // of {"arguments": …}, so that messages call them so
};

}  // namespace exai::tools
