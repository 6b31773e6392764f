// The schema walker against the JSON Schema test suite (Debian's json-schema-test-suite): every
// required file of draft 7. And the schemas of this repository against the schema of schemas.
#include <catch2/catch.hpp>
#include <set>

#include "core/base/os.hpp"
#include "core/config/json_tree.hpp"
#include "core/config/schema.hpp"

namespace exai::config {

namespace {

const Path kRepository = EXAI_REPOSITORY;
const Path kSuite = "/usr/share/json-schema-test-suite";

// Required files that are not run, and why.
const std::map<std::string, std::string> kLeftOut = {};

// What the suite expects under these addresses; nothing is fetched.
Schema::Documents remote_documents() {
  Schema::Documents documents;
  for (const char* name :
       {"integer.json", "name.json", "subSchemas.json", "folder/folderInteger.json"})
    documents["http://localhost:1234/" + std::string(name)] =
        parse_json(read_file(kSuite / "remotes" / name).value()).value();
  documents["http://json-schema.org/draft-07/schema"] =
      parse_json(read_file(kRepository / "tests/data/draft-07.schema.json").value()).value();
  return documents;
}

Node tree_of(const json::value& value) {
  const auto source = std::make_shared<const Source>(Source{"data", to_text(value)});
  JsonTree parsed = parse_json_tree(source, JsonStyle::strict);
  REQUIRE(parsed.root);
  return std::move(*parsed.root);
}

std::string found_in(const Schema& schema, const Node& document) {
  SchemaUse use;
  use.nulls = Nulls::values;
  use.notation = Notation::json;
  return render(check_schema(schema, document, use));
}

std::vector<Path> files_of(const Path& folder) {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Every keyword that is used in a schema, below `value`.
void collect_keywords(const json::value& value, std::set<std::string>& found) {
  if (const json::array* array = value.if_array())
    for (const json::value& item : *array) collect_keywords(item, found);
  if (!value.is_object()) return;
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    found.insert(key);
    if (key.starts_with("x-exai") || key == "examples" || key == "default" || key == "const")
      continue;
    const bool names = key == "properties" || key == "patternProperties" || key == "definitions" ||
                       key == "$defs" || key == "dependencies";
    if (!names || !member.value().is_object()) {
      collect_keywords(member.value(), found);
      continue;
    }
    for (const auto& named : member.value().get_object()) collect_keywords(named.value(), found);
  }
}

// The schemas that are shipped; of a tool, that of its arguments.
std::map<std::string, json::value> shipped_schemas() {
  std::vector<Path> files = files_of(kRepository / "schemas");
  for (const Path& tool : files_of(kRepository / "schemas/tools")) files.push_back(tool);
  std::map<std::string, json::value> schemas;
  for (const Path& file : files) {
    const json::value whole = parse_json(read_file(file).value()).value();
    const json::value* input = find(whole.as_object(), "inputSchema");
    schemas[file.filename().string()] = input == nullptr ? whole : *input;
  }
  return schemas;
}

}  // namespace

TEST_CASE("every required case of the test suite for draft 7 is decided as it says") {
  std::size_t cases = 0;
  for (const Path& file : files_of(kSuite / "tests/draft7")) {
    if (kLeftOut.contains(file.filename().string())) continue;
    const json::value groups = parse_json(read_file(file).value()).value();
    for (const json::value& group : groups.as_array()) {
      INFO(file.filename() << ": " << group.at("description").as_string().c_str());
      const auto schema = Schema::compile(group.at("schema"), remote_documents());
      INFO((schema ? "" : schema.error().message()));
      REQUIRE(schema);
      for (const json::value& test : group.at("tests").as_array()) {
        const std::string found = found_in(*schema, tree_of(test.at("data")));
        INFO(test.at("description").as_string().c_str() << "\n" << found);
        CHECK(found.empty() == test.at("valid").as_bool());
        ++cases;
      }
    }
  }
  CHECK(cases > 400);
}

TEST_CASE("the schemas of this repository are sound") {
  const Schema schema_of_schemas =
      Schema::parse(read_file(kRepository / "tests/data/draft-07.schema.json").value()).value();
  const auto schemas = shipped_schemas();
  CHECK(schemas.size() > 5);
  for (const auto& [name, schema] : schemas) {
    INFO(name);
    CHECK(found_in(schema_of_schemas, tree_of(schema)) == "");
    const auto compiled = Schema::compile(schema);
    INFO((compiled ? "" : compiled.error().message()));
    CHECK(compiled);
  }
}

TEST_CASE("the schemas of this repository promise nothing that the walker does not check") {
  const auto known = schema_keywords();
  for (const auto& [name, schema] : shipped_schemas()) {
    std::set<std::string> used;
    collect_keywords(schema, used);
    for (const std::string& keyword : used) {
      INFO(name << ": " << keyword);
      const bool is_ours = keyword.starts_with("x-exai-");
      CHECK((is_ours || std::find(known.begin(), known.end(), keyword) != known.end()));
    }
  }
}

TEST_CASE("a mistake in a schema is found by the schema of schemas") {
  const Schema schema_of_schemas =
      Schema::parse(read_file(kRepository / "tests/data/draft-07.schema.json").value()).value();
  const json::value wrong =
      parse_json(R"({"properties":{"a":{"type":"text","minLength":-1}}})").value();
  CHECK(found_in(schema_of_schemas, tree_of(wrong)) ==
        "data:1:28: error[CFG005]: properties.a.type must be one of \"array\", \"boolean\", "
        "\"integer\", \"null\", \"number\", \"object\", \"string\", not \"text\"\n"
        "    1 | {\"properties\":{\"a\":{\"type\":\"text\",\"minLength\":-1}}}\n"
        "      |                            ^~~~~~\n"
        "data:1:47: error[CFG004]: properties.a.minLength must be at least 0, not -1\n"
        "    1 | {\"properties\":{\"a\":{\"type\":\"text\",\"minLength\":-1}}}\n"
        "      |                                               ^~\n");
}

}  // namespace exai::config
