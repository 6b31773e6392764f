#include "core/config/stack_schema.hpp"

#include <vector>

#include "core/base/error.hpp"
#include "embedded/stack_schema.hpp"

namespace exai::config {

namespace {

// A test of the unit tests keeps the schema from lacking any of these.
const json::object& object_at(const json::object& parent, std::string_view key) {
  const json::object* found = find_object(parent, key);
  EXAI_ASSERT(found != nullptr);
  return *found;
}

std::vector<CheckKind> read_kinds() {
  const json::object& check =
      object_at(object_at(stack_schema().root().as_object(), "definitions"), "check");
  const json::array* choices = find_array(check, "oneOf");
  EXAI_ASSERT(choices != nullptr);
  std::vector<CheckKind> kinds;
  for (const json::value& choice : *choices) {
    const json::array* required = find_array(choice.as_object(), "required");
    EXAI_ASSERT(required != nullptr && required->size() == 1);
    const std::string name(required->front().as_string());
    const json::object& key = object_at(object_at(check, "properties"), name);
    const json::object* ours = find_object(key, "x-exai");
    kinds.push_back({name, ours != nullptr && find_bool(*ours, "connects").value_or(false)});
  }
  return kinds;
}

}  // namespace

const Schema& stack_schema() {
  static const Schema schema = [] {
    auto compiled = Schema::parse(embedded::stack_schema);
    EXAI_ASSERT(compiled.has_value());
    return *std::move(compiled);
  }();
  return schema;
}

std::span<const CheckKind> check_kinds() {
  static const std::vector<CheckKind> kinds = read_kinds();
  return kinds;
}

const CheckKind* check_kind_of(const Node& check) {
  const CheckKind* found = nullptr;
  for (const CheckKind& kind : check_kinds()) {
    if (check.member(kind.name) == nullptr) continue;
    if (found != nullptr) return nullptr;
    found = &kind;
  }
  return found;
}

}  // namespace exai::config
