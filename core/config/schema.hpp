#pragma once
// A tree against a JSON Schema (draft 7): all that is wrong, each at its place, in words. Editors
// use the same schema files.
//
//   schema text → Schema::compile (sound, references followed, patterns compiled) → check_schema
//
// Keywords: all that draft 7 says about validity; `definitions` and `$defs`; $ref to a place in the
// schema (by pointer or $id, nothing is ever fetched); and x-exai (below). Left to editors: titles,
// descriptions, examples, deprecated, `format`, `content…`.
//
//   "x-exai": { "format": "duration" }      a notation of formats.hpp; it speaks instead of
//   `pattern` "x-exai": { "expected": "a version" }   what a `pattern` wants, in words
//
// What is reported: an unknown key at the key, a wrong value at the value, a missing key at the key
// of the table that lacks it. Of oneOf and anyOf the branch is meant that the value fits best: its
// type first, then its constants, then the fewest errors; branches that only require a key each
// mean "exactly one of these keys". One mistake is said once: a misspelt key is not missing too,
// and what is of a wrong type is not looked into.
//
// Bounds: schemas of 20 000 parts, $ref and branches 64 deep without going deeper into the document
// (a circle of them is refused), 1000 levels of work, and a number of steps; who runs out of those
// is told so.

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/config/diagnostics.hpp"

namespace exai::config {

struct SchemaForms;

// A schema that is ready to be used. Immutable; copies share it.
class Schema {
 public:
  // Other schemas that a $ref may name, by their URI.
  using Documents = std::map<std::string, json::value, std::less<>>;

  // Errors: invalid, with the place in the schema and what is wrong there.
  static Result<Schema> compile(json::value root, Documents documents = {});
  static Result<Schema> parse(std::string_view text);

  const json::value& root() const;
  const SchemaForms& forms() const { return *forms_; }

 private:
  explicit Schema(std::shared_ptr<const SchemaForms> forms) : forms_(std::move(forms)) {}
  std::shared_ptr<const SchemaForms> forms_;
};

// What a null means: in a stack file a value that is not known (a variable in it is not set, which
// was reported) and fits everything, in YAML and JSON a value of its own.
enum class Nulls { unknown, values };

// How the document is written: decides the words of messages ("a table", "a mapping", "an object")
// and the looks of examples.
enum class Notation { toml, yaml, json };

struct SchemaUse {
  Nulls nulls = Nulls::unknown;
  Notation notation = Notation::toml;
  std::size_t steps = 5'000'000;  // pairs of a value and a part of the schema
};

// CFG001 … CFG005, CFG021 for an item that is listed twice; at most 100.
Diagnostics check_schema(const Schema& schema, const Node& document, const SchemaUse& use = {});

// What the walker looks at or may ignore; a schema with another keyword would promise too much.
std::span<const std::string_view> schema_keywords();

}  // namespace exai::config
