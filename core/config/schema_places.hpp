#pragma once
// Places in schemas: by URI, by $id, by JSON pointer. For $ref. Purely textual; nothing is fetched.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/config/schema.hpp"

namespace exai::config {

// A reference against the URI of the schema it is written in (RFC 3986, section 5).
std::string resolve_uri(std::string_view base, std::string_view reference);

struct SchemaPlace {
  const json::value* value = nullptr;
  std::string base;  // URI that references in it are relative to
};

class SchemaPlaces {
 public:
  SchemaPlaces(const json::value& root, const Schema::Documents& documents);

  // The base below an object that may have an $id.
  std::string base_of(const json::value& schema, const std::string& outer) const;
  // Where a $ref leads from a schema with this base.
  std::optional<SchemaPlace> find(std::string_view reference, const std::string& base) const;

 private:
  void add(const json::value& value, const std::string& base, bool is_schema);
  std::optional<SchemaPlace> follow(SchemaPlace from, std::string_view pointer) const;

  std::map<std::string, SchemaPlace, std::less<>> named_;  // by URI without an empty fragment
};

}  // namespace exai::config
