// The kinds that are carried out, and the kinds that a stack file may name.
#include <catch2/catch.hpp>
#include <set>

#include "core/checks/proofs.hpp"
#include "core/config/stack_schema.hpp"

namespace exai::checks {

TEST_CASE("every kind of check in the schema is carried out, and every one carried out is in it") {
  std::set<std::string_view> ours;
  for (const Kind& kind : kinds()) CHECK(ours.insert(kind.name).second);
  std::set<std::string_view> in_schema;
  for (const config::CheckKind& kind : config::check_kinds()) in_schema.insert(kind.name);
  CHECK(ours == in_schema);
}

TEST_CASE("the schema says which kinds connect to a port") {
  std::string connecting;
  for (const config::CheckKind& kind : config::check_kinds())
    if (kind.connects) connecting += kind.name + " ";
  CHECK(connecting == "http tcp redis mcp ");
}

}  // namespace exai::checks
