#pragma once
// What a node of a Compose file says, whichever of its forms it has: a text, a number or a switch;
// one of something or a list of it; a mount or a dependency with keys of its own. What a node is
// not is left out: the schema says what is wrong with it. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/compose_model.hpp"

namespace exai::config {

bool is_null(const Node& node);
bool is_scalar(const Node& node);

// Any scalar but null as text; `node` may be none.
std::optional<PlacedText> text_of(const Node* node);
// The same of a key's value; empty when there is none.
std::string text_of(const Node& node, std::string_view key);
// A text, or those of a list.
std::vector<PlacedText> texts_of(const Node* node);

// true, yes, on and the like of YAML 1.1, also in quotes.
std::optional<bool> bool_of(const Node& node);

std::optional<ComposeCommand> command_of(const Node* node);

// Of the long forms, {type: bind, source: …} and {condition: …}. host_path is left empty.
ComposeMount long_mount(const Node& node);
ComposeDependency long_dependency(const Member& member);

}  // namespace exai::config
