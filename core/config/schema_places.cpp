#include "core/config/schema_places.hpp"

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai::config {

namespace {

struct Uri {
  std::string_view scheme;     // "http:"
  std::string_view authority;  // "//host"
  std::string_view path;
  std::string_view fragment;  // "#…"
};

Uri parts_of(std::string_view text) {
  Uri uri;
  const std::size_t hash = std::min(text.find('#'), text.size());
  uri.fragment = text.substr(hash);
  text = text.substr(0, hash);
  const std::size_t colon = text.find(':');
  if (colon != text.npos && text.find('/') > colon) {
    uri.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    uri.authority = text.substr(0, text.find('/', 2));
    text.remove_prefix(uri.authority.size());
  }
  uri.path = text;
  return uri;
}

// "/a/b" and "../c" → "/c"
std::string merged(std::string_view base, std::string_view path) {
  std::string whole(base.substr(0, base.rfind('/') + 1));  // npos + 1 is 0
  whole += path;
  std::vector<std::string> kept;
  for (std::string& part : split(whole, '/')) {
    if (part == "..") {
      if (kept.size() > 1) kept.pop_back();
    } else if (part != ".") {
      kept.push_back(std::move(part));
    }
  }
  return join(kept, "/");
}

std::string without_empty_fragment(std::string uri) {
  if (uri.ends_with('#')) uri.pop_back();
  return uri;
}

// Keywords whose values are no schemas, whatever they look like.
bool holds_no_schema(std::string_view keyword) {
  constexpr std::array<std::string_view, 5> kData = {"const", "enum", "default", "examples",
                                                     "x-exai"};
  return contains(kData, keyword);
}

// Keywords whose members are schemas under names of their own.
bool holds_named(std::string_view keyword) {
  constexpr std::array<std::string_view, 5> kNamed = {"properties", "patternProperties",
                                                      "definitions", "$defs", "dependencies"};
  return contains(kNamed, keyword);
}

const json::value* step_into(const json::value& value, const std::string& token) {
  if (const json::object* object = value.if_object()) return find(*object, token);
  const json::array* array = value.if_array();
  const auto index = parse_integer(token);
  if (array == nullptr || !index || *index < 0 || static_cast<std::size_t>(*index) >= array->size())
    return nullptr;
  return &(*array)[static_cast<std::size_t>(*index)];
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const Uri from = parts_of(base);
  const Uri to = parts_of(reference);
  if (!to.scheme.empty()) return std::string(reference);
  std::string result(from.scheme);
  if (!to.authority.empty()) return result.append(reference);
  result += from.authority;
  if (to.path.empty())
    result += from.path;
  else
    result += to.path.starts_with('/') ? merged("", to.path) : merged(from.path, to.path);
  return result.append(to.fragment);
}

SchemaPlaces::SchemaPlaces(const json::value& root, const Schema::Documents& documents) {
  for (const auto& [uri, document] : documents) {
    named_[uri] = {&document, uri};
    add(document, uri, true);
  }
  const std::string base = base_of(root, "");
  named_[""] = {&root, base};
  add(root, "", true);
}

std::string SchemaPlaces::base_of(const json::value& schema, const std::string& outer) const {
  const json::object* object = schema.if_object();
  if (object == nullptr || object->contains("$ref")) return outer;
  const auto id = find_string(*object, "$id");
  if (!id || id->starts_with('#')) return outer;
  return without_empty_fragment(resolve_uri(outer, *id));
}

// Recursion ends with the depth of the JSON, which its parser limits.
void SchemaPlaces::add(const json::value& value, const std::string& base, bool is_schema) {
  if (const json::array* array = value.if_array())
    for (const json::value& item : *array) add(item, base, true);
  const json::object* object = value.if_object();
  if (object == nullptr) return;
  const std::string inner = is_schema ? base_of(value, base) : base;
  const auto id = is_schema ? find_string(*object, "$id") : std::nullopt;
  if (id && !object->contains("$ref"))
    named_[without_empty_fragment(resolve_uri(base, *id))] = {&value, inner};
  for (const auto& member : *object)
    if (!is_schema || !holds_no_schema(member.key()))
      add(member.value(), inner, !is_schema || !holds_named(member.key()));
}

std::optional<SchemaPlace> SchemaPlaces::find(std::string_view reference,
                                              const std::string& base) const {
  const std::string uri = without_empty_fragment(resolve_uri(base, reference));
  if (const auto whole = named_.find(uri); whole != named_.end()) return whole->second;
  const std::size_t hash = std::min(uri.find('#'), uri.size());
  const auto resource = named_.find(uri.substr(0, hash));
  if (resource == named_.end() || uri.compare(hash, 2, "#/") != 0) return std::nullopt;
  return follow(resource->second, std::string_view(uri).substr(hash + 1));
}

std::optional<SchemaPlace> SchemaPlaces::follow(SchemaPlace from, std::string_view pointer) const {
  for (const std::string& token : split(pointer.substr(1), '/')) {
    const std::string name = replace_all(replace_all(percent_decoded(token), "~1", "/"), "~0", "~");
    from.value = step_into(*from.value, name);
    if (from.value == nullptr) return std::nullopt;
    from.base = base_of(*from.value, from.base);
  }
  return from;
}

}  // namespace exai::config
