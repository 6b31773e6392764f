#include "core/config/schemas.hpp"

#include <array>

#include "embedded/compose_schema.hpp"
#include "embedded/options_schema.hpp"
#include "embedded/stack_schema.hpp"

namespace exai::config {

std::span<const ShippedSchema> shipped_schemas() {
  static const std::array schemas = {
      ShippedSchema{"compose", "Compose files", embedded::compose_schema},
      ShippedSchema{"options", "every option of the EXAI programs", embedded::options_schema},
      ShippedSchema{"stack", "the stack file, exai.toml", embedded::stack_schema},
  };
  return schemas;
}

}  // namespace exai::config
