#include "core/config/compose_nodes.hpp"

#include "core/base/text.hpp"
#include "core/config/compose_parts.hpp"
#include "core/config/yaml_scalar.hpp"

namespace exai::config {

bool is_null(const Node& node) {
  return std::holds_alternative<std::monostate>(node.value);
}

bool is_scalar(const Node& node) {
  return node.list() == nullptr && node.table() == nullptr;
}

std::optional<PlacedText> text_of(const Node* node) {
  if (node == nullptr || is_null(*node) || !is_scalar(*node)) return std::nullopt;
  return PlacedText{scalar_text(*node), node->span};
}

std::string text_of(const Node& node, std::string_view key) {
  const auto text = text_of(node.find(key));
  return text ? text->value : "";
}

std::optional<bool> bool_of(const Node& node) {
  if (const bool* flag = node.boolean()) return *flag;
  const std::string* text = node.string();
  if (text == nullptr) return std::nullopt;
  const std::string lower = to_lower(*text);
  for (const std::string_view yes : {"true", "y", "yes", "on"})
    if (lower == yes) return true;
  for (const std::string_view no : {"false", "n", "no", "off"})
    if (lower == no) return false;
  return std::nullopt;
}

std::vector<PlacedText> texts_of(const Node* node) {
  std::vector<PlacedText> texts;
  if (node == nullptr) return texts;
  if (const auto one = text_of(node)) texts.push_back(*one);
  if (const Node::List* list = node->list())
    for (const Node& item : *list)
      if (const auto one = text_of(&item)) texts.push_back(*one);
  return texts;
}

std::optional<ComposeCommand> command_of(const Node* node) {
  if (node == nullptr || is_null(*node)) return std::nullopt;
  ComposeCommand command;
  command.span = node->span;
  if (const auto text = text_of(node)) {
    command.text = true;
    command.words = split_command(text->value).value_or(std::vector<std::string>{text->value});
  } else {
    for (PlacedText& word : texts_of(node)) command.words.push_back(std::move(word.value));
  }
  command.reset = command.words.empty();
  return command;
}

ComposeMount long_mount(const Node& node) {
  ComposeMount mount;
  mount.span = mount.source_span = mount.target_span = node.span;
  mount.type = text_of(node, "type");
  mount.source = text_of(node, "source");
  mount.target = text_of(node, "target");
  if (const Node* source = node.find("source")) mount.source_span = source->span;
  if (const Node* target = node.find("target")) mount.target_span = target->span;
  if (const Node* read_only = node.find("read_only"))
    mount.read_only = bool_of(*read_only).value_or(false);
  if (const Node* bind = node.find("bind"))
    if (const Node* create = bind->find("create_host_path"))
      mount.create_host_path = bool_of(*create).value_or(true);
  return mount;
}

ComposeDependency long_dependency(const Member& member) {
  ComposeDependency dependency;
  dependency.service = member.key;
  dependency.span = dependency.condition_span = member.key_span;
  dependency.short_form = is_null(member.value);
  if (const Node* condition = member.value.find("condition")) {
    dependency.condition_span = condition->span;
    const std::string text = scalar_text(*condition);
    if (text == "service_healthy") dependency.condition = ComposeCondition::healthy;
    if (text == "service_completed_successfully")
      dependency.condition = ComposeCondition::completed;
  }
  if (const Node* required = member.value.find("required"))
    dependency.required = bool_of(*required).value_or(true);
  return dependency;
}

}  // namespace exai::config
