#pragma once
// Small readers over the resolved tree of a stack file. They take a tree that may be wrong anywhere
// and give what is right in it, so that every rule can go on where another one has complained.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostics.hpp"
#include "core/config/settings.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

// Of a stack that names none.
inline constexpr std::string_view kDefaultTimezone = "Australia/Melbourne";

// The members of a table inside `node`, by a path of keys; empty when there is none.
const Node::Table& members(const Node& node, std::string_view key);
const Node::Table& services(const Node& tree);

std::string text_or(const Node& node, std::string_view key, std::string_view otherwise);
Duration duration_or(const Node& node, std::string_view key, Duration otherwise);
int integer_or(const Node& node, std::string_view key, int otherwise);
std::vector<std::string> texts(const Node* list);

std::vector<PortBinding> ports_of(const Node& service);

// "http", "redis", …: the key that says what a check does; empty when there is not exactly one.
std::string_view kind_of(const Node& check);

// Where a check connects to. No port: it needs none, or `problem` says why it is not known.
struct CheckTarget {
  std::optional<std::uint16_t> port;
  std::optional<Diagnostic> problem;
};
CheckTarget target_of(const Node& service, const Member& check, std::string_view service_name);

}  // namespace exai::config
