#include "core/config/schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/formats.hpp"

namespace exai::config {

namespace {

constexpr std::array<std::string_view, 28> kKeywords = {
    "type",          "properties",  "additionalProperties",
    "propertyNames", "required",    "items",
    "enum",          "const",       "minimum",
    "maximum",       "minLength",   "maxLength",
    "minItems",      "uniqueItems", "oneOf",
    "anyOf",         "$ref",        "x-exai",
    "pattern",       "$schema",     "$id",
    "$comment",      "title",       "description",
    "default",       "examples",    "definitions",
    "deprecated"};

// A value as one writes it in the stack file: { mcp = 8079 }.
std::string as_toml(const json::value& value) {
  std::vector<std::string> parts;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object)
      parts.push_back(fmt::format("{} = {}", std::string_view(member.key()), as_toml(member.value())));
    return "{ " + join(parts, ", ") + " }";
  }
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) parts.push_back(as_toml(item));
    return "[" + join(parts, ", ") + "]";
  }
  return to_text(value);
}

// A type of JSON Schema as people say it, and whether a node is of it.
struct Type {
  std::string_view name;
  std::string_view words;
  bool (*fits)(const Node& node);
};

bool is_whole(const Node& node) {
  const double* number = std::get_if<double>(&node.value);
  return number != nullptr && std::isfinite(*number) && std::floor(*number) == *number;
}

constexpr std::array kTypes = {
    Type{"string", "text", [](const Node& node) { return node.string() != nullptr; }},
    Type{"integer", "a whole number",
         [](const Node& node) { return node.integer() != nullptr || is_whole(node); }},
    Type{"number", "a number",
         [](const Node& node) {
           return node.integer() != nullptr || std::holds_alternative<double>(node.value);
         }},
    Type{"boolean", "true or false", [](const Node& node) { return node.boolean() != nullptr; }},
    Type{"array", "a list", [](const Node& node) { return node.list() != nullptr; }},
    Type{"object", "a table", [](const Node& node) { return node.table() != nullptr; }},
};

const Type& type_called(std::string_view name) {
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const Type& type) { return type.name == name; });
  EXAI_ASSERT(found != kTypes.end());
  return *found;
}

// The types a schema allows; none: any.
std::vector<const Type*> types_of(const json::object& schema) {
  std::vector<const Type*> types;
  const json::value* type = find(schema, "type");
  if (type != nullptr && type->is_string()) types.push_back(&type_called(type->get_string()));
  if (type != nullptr && type->is_array())
    for (const json::value& one : type->get_array()) types.push_back(&type_called(one.as_string()));
  return types;
}

bool fits_any(const std::vector<const Type*>& types, const Node& node) {
  return types.empty() || std::any_of(types.begin(), types.end(),
                                      [&](const Type* type) { return type->fits(node); });
}

std::string words_of(const std::vector<const Type*>& types) {
  std::vector<std::string> words;
  for (const Type* type : types)
    if (std::find(words.begin(), words.end(), type->words) == words.end())
      words.emplace_back(type->words);
  return join(words, " or ");
}

// A value as the file would say it, short enough for a message.
std::string shown(const Node& node) {
  if (const std::string* text = node.string())
    return code_points(*text) <= 60 ? fmt::format("\"{}\"", printable(*text)) : "a long text";
  if (const std::int64_t* integer = node.integer()) return std::to_string(*integer);
  if (const bool* boolean = node.boolean()) return *boolean ? "true" : "false";
  if (const double* number = std::get_if<double>(&node.value)) return fmt::format("{:g}", *number);
  return fmt::format("a {}", type_name(node));
}

std::optional<double> number_of(const Node& node) {
  if (const std::int64_t* integer = node.integer()) return static_cast<double>(*integer);
  if (const double* number = std::get_if<double>(&node.value)) return *number;
  return std::nullopt;
}

bool equals(const json::value& value, const Node& node) {
  if (value.is_string()) return node.string() != nullptr && value.get_string() == *node.string();
  if (value.is_bool()) return node.boolean() != nullptr && value.get_bool() == *node.boolean();
  const auto number = number_of(node);
  return value.is_number() && number && value.to_number<double>() == *number;
}

constexpr std::size_t kMostErrors = 100;  // nobody reads on after that

class Walker {
 public:
  explicit Walker(const json::object& root) : root_(root) {}

  Diagnostics run(const Node& document) && {
    check(root_, document, "");
    return std::move(found_);
  }

 private:
  void report(std::string code, std::string message, std::string help, Span span,
              Related related = {}) {
    if (found_.size() >= kMostErrors) return;
    found_.push_back(
        problem(std::move(code), std::move(span), std::move(message), std::move(help)));
    if (!related.message.empty()) found_.back().related.push_back(std::move(related));
  }

  // Through $ref; beside it nothing counts (draft 7).
  const json::object& resolve(const json::object& schema) const {
    const auto reference = find_string(schema, "$ref");
    if (!reference) return schema;
    constexpr std::string_view kLocal = "#/definitions/";
    const json::object* definitions = find_object(root_, "definitions");
    EXAI_ASSERT(reference->starts_with(kLocal) && definitions != nullptr);
    const json::object* target = find_object(*definitions, reference->substr(kLocal.size()));
    EXAI_ASSERT(target != nullptr);
    return resolve(*target);
  }

  void check(const json::object& given, const Node& node, const std::string& path) {
    if (std::holds_alternative<std::monostate>(node.value)) return;
    const json::object& schema = resolve(given);
    const auto types = types_of(schema);
    if (!fits_any(types, node)) return wrong_type(words_of(types), schema, node, path);
    check_choice(schema, node, path);
    check_number(schema, node, path);
    check_text(schema, node, path);
    check_list(schema, node, path);
    const std::vector<std::string> meant = check_table(schema, node, path);
    for (const std::string_view keyword : {"oneOf", "anyOf"})
      if (const json::array* branches = find_array(schema, keyword))
        check_branches(*branches, schema, node, path, meant);
  }

  static std::string named(const std::string& path) { return path.empty() ? "the file" : path; }

  static std::string example(const json::object& schema) {
    const json::array* examples = find_array(schema, "examples");
    return examples == nullptr || examples->empty() ? ""
                                                    : "for example " + as_toml(examples->at(0));
  }

  void wrong_type(const std::string& expected, const json::object& schema, const Node& node,
                  const std::string& path) {
    report("CFG003", fmt::format("{} must be {}, not {}", named(path), expected, shown(node)),
           example(schema), node.span);
  }

  void check_choice(const json::object& schema, const Node& node, const std::string& path) {
    if (const json::value* only = find(schema, "const"))
      if (!equals(*only, node))
        report("CFG005",
               fmt::format("{} can only be {}, not {}", path, to_text(*only), shown(node)), "",
               node.span);
    const json::array* choices = find_array(schema, "enum");
    if (choices == nullptr || std::any_of(choices->begin(), choices->end(),
                                          [&](const auto& choice) { return equals(choice, node); }))
      return;
    std::vector<std::string> words;
    std::vector<std::string> quoted;
    for (const json::value& choice : *choices) {
      quoted.push_back(to_text(choice));
      if (choice.is_string()) words.emplace_back(choice.get_string());
    }
    const auto meant = node.string() ? closest(*node.string(), words) : std::nullopt;
    report("CFG005",
           fmt::format("{} must be one of {}, not {}", path, join(quoted, ", "), shown(node)),
           meant ? fmt::format("did you mean \"{}\"?", *meant) : "", node.span);
  }

  void check_number(const json::object& schema, const Node& node, const std::string& path) {
    const auto value = number_of(node);
    const auto least = find_number(schema, "minimum");
    const auto most = find_number(schema, "maximum");
    if (!value || ((!least || *value >= *least) && (!most || *value <= *most))) return;
    const std::string range = least && most
                                  ? fmt::format("between {:.15g} and {:.15g}", *least, *most)
                              : least ? fmt::format("at least {:.15g}", *least)
                                      : fmt::format("at most {:.15g}", *most);
    report("CFG004", fmt::format("{} must be {}, not {}", path, range, shown(node)), "", node.span);
  }

  void check_text(const json::object& schema, const Node& node, const std::string& path) {
    const std::string* text = node.string();
    if (text == nullptr) return;
    const auto least = find_integer(schema, "minLength");
    if (least && static_cast<std::int64_t>(code_points(*text)) < *least) {
      const std::string message =
          text->empty() ? fmt::format("{} must not be empty", path)
                        : fmt::format("{} must have at least {} characters", path, *least);
      return report("CFG004", message, example(schema), node.span);
    }
    const auto most = find_integer(schema, "maxLength");
    if (most && static_cast<std::int64_t>(code_points(*text)) > *most)
      return report("CFG004", fmt::format("{} must have at most {} characters", path, *most), "",
                    node.span);
    const json::object* extra = find_object(schema, "x-exai");
    const auto wanted = extra ? find_string(*extra, "format") : std::nullopt;
    if (!wanted) return;
    const Format* format = find_format(*wanted);
    EXAI_ASSERT(format != nullptr);
    if (format->accepts(*text)) return;
    const bool number_out_of_range = *wanted == "port" && parse_integer(*text);
    report(number_out_of_range ? "CFG004" : "CFG003",
           fmt::format("{} must be {}, not {}", path, format->expected, shown(node)), "",
           node.span);
  }

  void check_list(const json::object& schema, const Node& node, const std::string& path) {
    const Node::List* list = node.list();
    if (list == nullptr) return;
    const auto least = find_integer(schema, "minItems");
    if (least && static_cast<std::int64_t>(list->size()) < *least)
      report("CFG004",
             fmt::format("{} must have at least {}", path,
                         count_of(static_cast<std::size_t>(*least), "item")),
             example(schema), node.span);
    if (const json::object* items = find_object(schema, "items"))
      for (std::size_t i = 0; i < list->size(); ++i)
        check(*items, (*list)[i], fmt::format("{}[{}]", path, i));
    if (find_bool(schema, "uniqueItems").value_or(false)) check_unique(*list, path);
  }

  // Of texts: the schema asks it of nothing else.
  void check_unique(const Node::List& list, const std::string& path) {
    std::map<std::string_view, Span> seen;
    for (const Node& item : list) {
      if (item.string() == nullptr) continue;
      const auto [first, is_new] = seen.emplace(*item.string(), item.span);
      if (is_new) continue;
      report("CFG021", fmt::format("{} is listed twice in {}", shown(item), path), "remove one",
             item.span, {first->second, "first listed here"});
    }
  }

  // Returns: the keys that are missing because they are misspelt; that is said once.
  std::vector<std::string> check_table(const json::object& schema, const Node& node,
                                       const std::string& path) {
    const Node::Table* members = node.table();
    if (members == nullptr) return {};
    const json::object* properties = find_object(schema, "properties");
    const json::value* others = find(schema, "additionalProperties");
    const json::object* names = find_object(schema, "propertyNames");
    std::vector<std::string> meant;
    for (const Member& member : *members) {
      const std::string below = path.empty() ? member.key : path + "." + member.key;
      if (names != nullptr) check(*names, {member.key, member.key_span}, path + "'s key");
      const json::object* property =
          properties == nullptr ? nullptr : find_object(*properties, member.key);
      if (property != nullptr)
        check(*property, member.value, below);
      else if (others != nullptr && others->is_object())
        check(others->get_object(), member.value, below);
      else if (others != nullptr && others->is_bool() && !others->get_bool())
        unknown_key(properties, member, path, meant);
    }
    check_required(schema, node, path, meant);
    return meant;
  }

  static std::string quoted(const Member& member) {
    return fmt::format("\"{}\"", printable(member.key));
  }

  void unknown_key(const json::object* properties, const Member& member, const std::string& path,
                   std::vector<std::string>& meant) {
    if (found_.size() >= kMostErrors) return;
    std::vector<std::string> known;
    if (properties != nullptr)
      for (const auto& property : *properties)
        if (property.key() != "$schema") known.emplace_back(property.key());
    std::string help = "known here: " + join(known, ", ");
    if (const auto suggestion = closest(member.key, known)) {
      meant.push_back(*suggestion);
      help = fmt::format("did you mean \"{}\"?", *suggestion);
    }
    report("CFG001",
           fmt::format("unknown key {}{}", quoted(member), path.empty() ? "" : " in " + path),
           std::move(help), member.key_span);
  }

  void check_required(const json::object& schema, const Node& node, const std::string& path,
                      const std::vector<std::string>& meant) {
    const json::array* required = find_array(schema, "required");
    if (required == nullptr) return;
    for (const json::value& name : *required) {
      const std::string key(name.as_string());
      if (node.member(key) || std::find(meant.begin(), meant.end(), key) != meant.end()) continue;
      const json::object* properties = find_object(schema, "properties");
      const json::object* property = properties ? find_object(*properties, key) : nullptr;
      std::string help;
      if (property != nullptr)
        help = fmt::format("{}: {}", key, find_string(*property, "description").value_or(""));
      Span span = node.span;
      if (path.empty()) span.end = span.begin;
      report("CFG002", fmt::format("{} has no \"{}\"", named(path), key), std::move(help), span);
    }
  }

  // The key, when all that a branch asks is that it is there.
  static std::optional<std::string> only_required(const json::value& branch) {
    const json::array* required = find_array(branch.as_object(), "required");
    if (required == nullptr || required->size() != 1 || branch.as_object().size() != 1)
      return std::nullopt;
    return std::string(required->at(0).as_string());
  }

  void check_branches(const json::array& branches, const json::object& schema, const Node& node,
                      const std::string& path, const std::vector<std::string>& meant) {
    if (node.table() != nullptr && !branches.empty() && only_required(branches[0]))
      return check_one_key(branches, node, path, meant);
    std::vector<const json::object*> fitting;
    std::vector<const Type*> expected;
    for (const json::value& branch : branches) {
      const json::object& resolved = resolve(branch.as_object());
      const auto types = types_of(resolved);
      expected.insert(expected.end(), types.begin(), types.end());
      if (fits_any(types, node)) fitting.push_back(&resolved);
    }
    if (fitting.empty()) return wrong_type(words_of(expected), schema, node, path);
    std::optional<Diagnostics> best;
    for (const json::object* branch : fitting) {
      Diagnostics before = std::exchange(found_, {});
      check(*branch, node, path);
      Diagnostics found = std::exchange(found_, std::move(before));
      if (!best || found.size() < best->size()) best = std::move(found);
    }
    found_.insert(found_.end(), best->begin(), best->end());
  }

  void check_one_key(const json::array& branches, const Node& node, const std::string& path,
                     const std::vector<std::string>& meant) {
    std::vector<std::string> keys;
    std::vector<const Member*> present;
    for (const json::value& branch : branches) {
      keys.push_back(only_required(branch).value_or(""));
      if (const Member* member = node.member(keys.back())) present.push_back(member);
    }
    if (present.size() == 1) return;
    if (present.empty()) {
      if (std::find_first_of(keys.begin(), keys.end(), meant.begin(), meant.end()) != keys.end())
        return;
      return report("CFG002", fmt::format("{} needs one of {}", path, join(keys, ", ")), "",
                    node.span);
    }
    report("CFG002",
           fmt::format("{} has both \"{}\" and \"{}\"", path, present[0]->key, present[1]->key),
           fmt::format("keep one of {}", join(keys, ", ")), present[1]->key_span,
           {present[0]->key_span, "the other one"});
  }

  const json::object& root_;
  Diagnostics found_;
};

}  // namespace

Diagnostics check_schema(const json::object& schema, const Node& document) {
  return Walker(schema).run(document);
}

std::span<const std::string_view> schema_keywords() {
  return kKeywords;
}

}  // namespace exai::config
