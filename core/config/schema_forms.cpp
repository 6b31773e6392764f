#include "core/config/schema_forms.hpp"

#include <algorithm>
#include <array>

namespace exai::config {

const TableForm::Property* TableForm::find(std::string_view name) const {
  const auto found = std::lower_bound(
      properties.begin(), properties.end(), name,
      [](const Property& property, std::string_view wanted) { return property.name < wanted; });
  return found == properties.end() || found->name != name ? nullptr : &*found;
}

const Form& SchemaForms::behind(FormIndex index) const {
  while (forms[index].reference) index = *forms[index].reference;
  return forms[index];
}

const json::value& Schema::root() const {
  return forms_->root;
}

std::span<const std::string_view> schema_keywords() {
  static constexpr std::array<std::string_view, 49> kKeywords = {
      // checked
      "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
      "multipleOf", "minLength", "maxLength", "pattern", "items", "additionalItems", "contains",
      "minItems", "maxItems", "uniqueItems", "properties", "patternProperties",
      "additionalProperties", "propertyNames", "required", "dependencies", "minProperties",
      "maxProperties", "oneOf", "anyOf", "allOf", "not", "if", "then", "else", "$ref",
      "definitions", "$defs", "$id", "x-exai",
      // for editors and people
      "$schema", "$comment", "title", "description", "default", "examples", "deprecated",
      "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType"};
  return kKeywords;
}

}  // namespace exai::config
