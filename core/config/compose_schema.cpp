#include "core/config/compose_schema.hpp"

namespace exai::config {

void check_compose_schema(const Node&, const std::map<Position, Span>&, Diagnostics&) {}

}  // namespace exai::config
