#include "core/config/schema_values.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

bool is_whole(double number) {
  return std::isfinite(number) && std::floor(number) == number;
}

std::string_view word_for_table(Notation notation) {
  constexpr std::array<std::string_view, 3> kWords = {"a table", "a mapping", "an object"};
  return kWords.at(static_cast<std::size_t>(notation));
}

}  // namespace

Kinds value_kind(const Node& node) {
  if (const double* number = std::get_if<double>(&node.value))
    return is_whole(*number) ? kWhole : kFraction;
  constexpr std::array<Kinds, 7> kByIndex = {kNull, kBoolean, kWhole, kFraction,
                                             kText, kList,    kTable};
  return kByIndex.at(node.value.index());
}

std::optional<double> number_of(const Node& node) {
  if (const std::int64_t* integer = node.integer()) return static_cast<double>(*integer);
  if (const double* number = std::get_if<double>(&node.value)) return *number;
  return std::nullopt;
}

// Recursion ends with the depth of the schema's JSON.
bool equals(const json::value& value, const Node& node) {
  if (value.is_null()) return std::holds_alternative<std::monostate>(node.value);
  if (value.is_string()) return node.string() != nullptr && value.get_string() == *node.string();
  if (value.is_bool()) return node.boolean() != nullptr && value.get_bool() == *node.boolean();
  if (value.is_int64() && node.integer() != nullptr) return value.get_int64() == *node.integer();
  if (const auto number = number_of(node))
    return value.is_number() && value.to_number<double>() == *number;
  if (const json::array* array = value.if_array()) {
    const Node::List* list = node.list();
    return list != nullptr && std::equal(array->begin(), array->end(), list->begin(), list->end(),
                                         [](const auto& a, const Node& b) { return equals(a, b); });
  }
  const json::object* object = value.if_object();
  const Node::Table* table = node.table();
  if (object == nullptr || table == nullptr || object->size() != table->size()) return false;
  return std::all_of(table->begin(), table->end(), [&](const Member& member) {
    const json::value* other = find(*object, member.key);
    return other != nullptr && equals(*other, member.value);
  });
}

std::string canonical(const Node& node) {
  if (const std::string* text = node.string()) return fmt::format("\"{}:{}", text->size(), *text);
  if (const bool* boolean = node.boolean()) return *boolean ? "t" : "f";
  if (const auto number = number_of(node)) {
    const std::int64_t* integer = node.integer();
    return integer ? fmt::format("{}", *integer) : fmt::format("{:.17g}", *number);
  }
  std::string result;
  if (const Node::List* list = node.list()) {
    for (const Node& item : *list) result += canonical(item) + ",";
    return "[" + result + "]";
  }
  const Node::Table* table = node.table();
  if (table == nullptr) return "n";
  std::vector<std::string> members;
  for (const Member& member : *table)
    members.push_back(
        fmt::format("{}:{}={}", member.key.size(), member.key, canonical(member.value)));
  std::sort(members.begin(), members.end());
  return "{" + join(members, ",") + "}";
}

// Decimal fractions have no exact double: 0.0075 is a multiple of 0.0001 although the quotient is
// not whole to the last bit.
bool is_multiple(double value, double of) {
  const double rest = std::fabs(std::remainder(value, of));
  const double noise = std::max(of * 1e-9, std::fabs(value) * 4e-16);
  return rest <= std::min(noise, of * 1e-3);
}

std::string words_of(Kinds kinds, Notation notation) {
  std::vector<std::string> words;
  if ((kinds & kText) != 0) words.emplace_back("text");
  if ((kinds & kFraction) != 0)
    words.emplace_back("a number");
  else if ((kinds & kWhole) != 0)
    words.emplace_back("a whole number");
  if ((kinds & kBoolean) != 0) words.emplace_back("true or false");
  if ((kinds & kList) != 0) words.emplace_back("a list");
  if ((kinds & kTable) != 0) words.emplace_back(word_for_table(notation));
  if ((kinds & kNull) != 0 && notation != Notation::toml) words.emplace_back("null");
  if (words.size() < 2) return join(words, "");
  const std::string last = std::move(words.back());
  words.pop_back();
  return fmt::format("{} or {}", join(words, ", "), last);
}

std::string shown(const Node& node, Notation notation) {
  if (const std::string* text = node.string())
    return code_points(*text) <= 60 ? fmt::format("\"{}\"", printable(conceal(*text)))
                                    : "a long text";
  if (const std::int64_t* integer = node.integer()) return std::to_string(*integer);
  if (const bool* boolean = node.boolean()) return *boolean ? "true" : "false";
  if (const double* number = std::get_if<double>(&node.value))
    return fmt::format("{:.15g}", *number);
  if (node.list() != nullptr) return "a list";
  return node.table() != nullptr ? std::string(word_for_table(notation)) : "null";
}

std::string written(const json::value& value, Notation notation) {
  if (notation != Notation::toml) return to_text(value);
  std::vector<std::string> parts;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object)
      parts.push_back(fmt::format("{} = {}", std::string_view(member.key()),
                                  written(member.value(), notation)));
    return "{ " + join(parts, ", ") + " }";
  }
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) parts.push_back(written(item, notation));
    return "[" + join(parts, ", ") + "]";
  }
  return to_text(value);
}

}  // namespace exai::config
