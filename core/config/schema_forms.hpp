#pragma once
// A schema as the walker reads it: one Form for each part, flat in one array, its keywords grouped
// by the kind of value they are about. Made by schema_compile.cpp, read by the walker and by what
// explains; nobody else includes this. Texts point into the JSON that the forms hold.

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/config/formats.hpp"
#include "core/config/regex.hpp"
#include "core/config/schema.hpp"

namespace exai::config {

using FormIndex = std::uint32_t;
using MaybeForm = std::optional<FormIndex>;

// Kinds of values. "number" of JSON Schema is whole | fraction, "integer" is whole.
using Kinds = std::uint8_t;
inline constexpr Kinds kText = 1;
inline constexpr Kinds kWhole = 2;
inline constexpr Kinds kFraction = 4;
inline constexpr Kinds kBoolean = 8;
inline constexpr Kinds kList = 16;
inline constexpr Kinds kTable = 32;
inline constexpr Kinds kNull = 64;
inline constexpr Kinds kAnyKind = 127;
Kinds value_kind(const Node& node);

struct ChoiceForm {
  const json::value* only = nullptr;   // const
  const json::array* among = nullptr;  // enum
};

struct NumberForm {
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> above;  // exclusiveMinimum
  std::optional<double> below;  // exclusiveMaximum
  std::optional<double> multiple_of;
};

struct TextForm {
  std::optional<std::size_t> min_length;
  std::optional<std::size_t> max_length;
  std::string_view pattern;
  std::optional<Regex> regex;
  const Format* format = nullptr;  // x-exai
};

struct ListForm {
  std::vector<FormIndex> first;  // items as a list
  MaybeForm others;              // items, or additionalItems behind `first`
  MaybeForm contains;
  std::optional<std::size_t> min_items;
  std::optional<std::size_t> max_items;
  bool unique = false;
};

struct TableForm {
  struct Property {
    std::string_view name;
    FormIndex form;
  };
  struct Pattern {
    std::string_view text;
    Regex regex;
    FormIndex form;
  };
  struct Dependency {
    std::string_view name;
    std::vector<std::string_view> keys;
    MaybeForm form;
  };
  std::vector<Property> properties;  // by name
  std::vector<Pattern> patterns;
  MaybeForm others;  // additionalProperties
  MaybeForm names;   // propertyNames
  std::vector<std::string_view> required;
  std::vector<Dependency> dependencies;
  std::optional<std::size_t> min_properties;
  std::optional<std::size_t> max_properties;

  const Property* find(std::string_view name) const;
};

// Other forms for the same value.
struct BranchForm {
  std::vector<FormIndex> one_of;
  std::vector<FormIndex> any_of;
  std::vector<FormIndex> all_of;
  MaybeForm negated;  // not
  MaybeForm condition;
  MaybeForm then;
  MaybeForm otherwise;
};

struct Form {
  const json::object* source = nullptr;  // for its words; none: the schema true or false
  bool never = false;                    // the schema false
  MaybeForm reference;                   // $ref: nothing else counts (draft 7)
  Kinds kinds = kAnyKind;                // type
  Kinds possible = kAnyKind;             // through references and branches as well
  std::unique_ptr<ChoiceForm> choice;
  std::unique_ptr<NumberForm> number;
  std::unique_ptr<TextForm> text;
  std::unique_ptr<ListForm> list;
  std::unique_ptr<TableForm> table;
  std::unique_ptr<BranchForm> branches;
};

struct SchemaForms {
  json::value root;
  Schema::Documents documents;
  std::vector<Form> forms;  // the root is the first

  const Form& at(FormIndex index) const { return forms[index]; }
  // Behind all references.
  const Form& behind(FormIndex index) const;
};

}  // namespace exai::config
