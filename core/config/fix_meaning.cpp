// What a file says, whatever it looks like: how a fix is held to what it declares.
#include <algorithm>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/dotenv.hpp"
#include "core/config/fix.hpp"
#include "core/config/toml.hpp"
#include "core/config/yaml.hpp"

namespace exai::config {

namespace {

using Values = std::map<std::string, std::string>;

// No value that a file can spell.
constexpr std::string_view kInherited = {"\0inherited", 10};

Values values_of(const Dotenv& file) {
  Values values;
  for (const DotenvEntry& entry : file.entries)
    if (entry.style != DotenvEntry::Style::faulty)
      values[entry.key] = entry.style == DotenvEntry::Style::inherited ? std::string(kInherited)
                                                                       : entry.value.value_or("");
  return values;
}

Meaning meaning_of_env(const SourcePtr& source) {
  const Lookup nothing = [](std::string_view) { return std::nullopt; };
  const Lookup everything = [](std::string_view name) -> std::optional<std::string> {
    return "<" + std::string(name) + ">";
  };
  const Dotenv alone = parse_dotenv(source, nothing, nothing);
  Meaning meaning;
  meaning.values = values_of(alone);
  meaning.elsewhere = values_of(parse_dotenv(source, nothing, everything));
  for (const Diagnostic& one : alone.diagnostics)
    if (one.code != "ENV018") ++meaning.faults;
  return meaning;
}

std::string leaf_text(const Node& node) {
  if (const auto* text = node.string()) return *text;
  if (const auto* number = node.integer()) return std::to_string(*number);
  if (const auto* flag = node.boolean()) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<double>(&node.value)) return fmt::format("{}", *number);
  return "";
}

// Also the kind of a leaf counts: 1 and "1" are not the same to whoever reads them.
void collect(const Node& node, const std::string& path, Values& values) {
  if (const auto* table = node.table()) {
    if (table->empty()) values[path] = "{}";
    for (const Member& member : *table)
      collect(member.value, path.empty() ? member.key : path + "." + member.key, values);
  } else if (const auto* list = node.list()) {
    if (list->empty()) values[path] = "[]";
    for (std::size_t i = 0; i < list->size(); ++i)
      collect((*list)[i], fmt::format("{}[{}]", path, i), values);
  } else {
    values[path] = fmt::format("{} {}", type_name(node), leaf_text(node));
  }
}

void collect(const json::value& value, const std::string& path, Values& values) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object)
      collect(member, path.empty() ? std::string(key) : path + "." + std::string(key), values);
  } else if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      collect((*array)[i], fmt::format("{}[{}]", path, i), values);
  } else {
    values[path] = to_text(value);
  }
}

std::optional<Meaning> meaning_of_tree(const std::optional<Node>& root) {
  if (!root) return std::nullopt;
  Meaning meaning;
  collect(*root, "", meaning.values);
  return meaning;
}

bool has_ending(const Source& source, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return source.name.ends_with(ending); });
}

std::vector<std::string> differences(const Values& before, const Values& after) {
  std::vector<std::string> names;
  for (const auto& [name, value] : before) {
    const auto found = after.find(name);
    if (found == after.end() || found->second != value) names.push_back(name);
  }
  for (const auto& [name, value] : after)
    if (!before.contains(name)) names.push_back(name);
  return names;
}

// A declared key stands for itself and for what is below it.
bool covers(const Change& change, std::string_view name) {
  if (!name.starts_with(change.key)) return false;
  return name.size() == change.key.size() || name[change.key.size()] == '.' ||
         name[change.key.size()] == '[';
}

// Whether the name says afterwards what was declared. With references in it nobody knows here what
// they stand for.
bool came_true(const Change& change, const Meaning& after) {
  const auto found = after.values.find(change.key);
  if (!change.after) return found == after.values.end();
  if (found == after.values.end()) return after.elsewhere.empty();  // a table: looked at by covers
  if (after.elsewhere.empty()) {
    const std::string_view leaf = found->second;
    return leaf.substr(leaf.find(' ') + 1) == *change.after;
  }
  const auto elsewhere = after.elsewhere.find(change.key);
  const bool has_references =
      elsewhere == after.elsewhere.end() || elsewhere->second != found->second;
  return has_references || found->second == *change.after;
}

}  // namespace

std::optional<Meaning> meaning_of(const SourcePtr& source) {
  if (has_ending(*source, {".toml"})) return meaning_of_tree(parse_toml(source).root);
  if (has_ending(*source, {".yaml", ".yml"})) {
    const Yaml yaml = parse_yaml(source);
    auto meaning = meaning_of_tree(yaml.root);
    if (meaning) meaning->faults = yaml.diagnostics.size();
    return meaning;
  }
  if (has_ending(*source, {".json"})) {
    const auto value = parse_json(source->text);
    if (!value) return std::nullopt;
    Meaning meaning;
    collect(*value, "", meaning.values);
    return meaning;
  }
  if (source->name.find("Dockerfile") != std::string::npos) return std::nullopt;
  return meaning_of_env(source);
}

std::optional<std::string> broken_promise(const Meaning& before, const Meaning& after,
                                          const std::vector<Change>& changes) {
  if (after.faults > before.faults) return "the file could not be read any more";
  std::vector<std::string> changed = differences(before.values, after.values);
  for (std::string& name : differences(before.elsewhere, after.elsewhere))
    changed.push_back(std::move(name));
  for (const std::string& name : changed)
    if (std::none_of(changes.begin(), changes.end(),
                     [&](const Change& change) { return covers(change, name); }))
      return fmt::format("it would change {}, too", printable(name));
  for (const Change& change : changes)
    if (!came_true(change, after))
      return fmt::format("{} would not get the value that was meant", printable(change.key));
  return std::nullopt;
}

}  // namespace exai::config
