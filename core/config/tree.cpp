#include "core/config/tree.hpp"

#include <algorithm>
#include <array>

namespace exai::config {

const Member* Node::member(std::string_view key) const {
  const Table* members = table();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(),
                                  [&](const Member& member) { return member.key == key; });
  return found == members->end() ? nullptr : &*found;
}

const Node* Node::find(std::string_view key) const {
  const Member* found = member(key);
  return found == nullptr ? nullptr : &found->value;
}

std::string_view type_name(const Node& node) {
  constexpr std::array<std::string_view, 7> kNames = {"null", "boolean", "integer", "number",
                                                      "text", "list",    "table"};
  return kNames.at(node.value.index());
}

}  // namespace exai::config
