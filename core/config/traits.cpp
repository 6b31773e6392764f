#include "core/config/traits.hpp"

#include <algorithm>

#include "core/config/interpolate.hpp"

namespace exai::config {

namespace {

void add_list(Digest& digest, const Node& node) {
  if (const auto* list = node.list()) {
    digest.add(std::to_string(list->size()));
    for (const Node& item : *list) add_list(digest, item);
  } else if (node.table() != nullptr) {
    add_node(digest, node);
  } else {
    digest.add(plain_text(node));
  }
}

void collect(const std::string& name, const Node& node, std::vector<Trait>& traits) {
  const auto* table = node.table();
  if (table == nullptr || table->empty()) {
    Digest digest;
    add_list(digest, node);
    traits.push_back({name, digest.value()});
    return;
  }
  for (const Member& member : *table) collect(name + "." + member.key, member.value, traits);
}

// Its text and what its references stand for: a changed password makes another file.
void add_template(const Resolved& resolved, const Template& file, Digest& digest) {
  digest.add(file.text);
  const auto look_up = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = resolved.variables.find(std::string(name));
    if (found == resolved.variables.end()) return std::nullopt;
    digest.add(name);
    digest.add(found->second.value);
    return found->second.value;
  };
  static_cast<void>(expand(file.text, look_up));
}

}  // namespace

void Digest::add(std::string_view text) {
  hash_ = fnv1a(text, fnv1a(std::to_string(text.size()) + ":", hash_));
}

std::string plain_text(const Node& node) {
  if (node.string() != nullptr) return *node.string();
  if (node.integer() != nullptr) return std::to_string(*node.integer());
  if (node.boolean() != nullptr) return *node.boolean() ? "true" : "false";
  if (const double* number = std::get_if<double>(&node.value)) return fmt::format("{}", *number);
  return "";
}

void add_node(Digest& digest, const Node& node) {
  digest.add(type_name(node));
  if (const auto* list = node.list()) {
    digest.add(std::to_string(list->size()));
    for (const Node& item : *list) add_node(digest, item);
  } else if (const auto* table = node.table()) {
    digest.add(std::to_string(table->size()));
    for (const Member& member : *table) {
      digest.add(member.key);
      add_node(digest, member.value);
    }
  } else {
    digest.add(plain_text(node));
  }
}

std::vector<Trait> traits_of(const Resolved& resolved, const Member& service) {
  std::vector<Trait> traits;
  for (const Member& member : *service.value.table()) collect(member.key, member.value, traits);
  for (const Template& file : resolved.templates) {
    if (file.service != service.key) continue;
    Digest digest;
    add_template(resolved, file, digest);
    traits.push_back({"render." + file.file + " (its text)", digest.value()});
  }
  std::sort(traits.begin(), traits.end(),
            [](const Trait& a, const Trait& b) { return a.name < b.name; });
  return traits;
}

}  // namespace exai::config
