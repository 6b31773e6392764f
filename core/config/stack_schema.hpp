#pragma once
// schemas/stack.schema.json as it is embedded: what a stack file may say. Compiled once.

#include <span>
#include <string>

#include "core/config/schema.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

const Schema& stack_schema();

// A kind of check: one of the keys of which the schema's `check` wants exactly one. Its
// `x-exai.connects` says that it connects to a port of the service.
struct CheckKind {
  std::string name;
  bool connects = false;
};
std::span<const CheckKind> check_kinds();

// The kind of a check in a stack file; nothing when there is not exactly one.
const CheckKind* check_kind_of(const Node& check);

}  // namespace exai::config
