// What `exai validate --format sarif` writes, against a schema of the part of SARIF 2.1.0 that it
// may write (tests/data/sarif.schema.json), for every mistake there is a project of.
#include <catch2/catch.hpp>

#include "core/config/json_tree.hpp"
#include "core/config/schema.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::config;

namespace {

const Path kRepository = EXAI_REPOSITORY;

std::string sarif_of(const Path& project) {
  const Environment environment{{"HOME", "/nonexistent"}, {"PATH", "/usr/bin:/bin"}};
  return test::run({{EXAI, "validate", "--format", "sarif", "."}, environment, project, ""}).out;
}

std::string wrong_in(const Schema& schema, std::string text) {
  const auto source = std::make_shared<const Source>(Source{"sarif", std::move(text)});
  const JsonTree tree = parse_json_tree(source, JsonStyle::strict);
  SchemaUse use;
  use.nulls = Nulls::values;
  use.notation = Notation::json;
  return render(tree.diagnostics) +
         (tree.root ? render(check_schema(schema, *tree.root, use)) : "");
}

}  // namespace

TEST_CASE("what is written as SARIF is SARIF 2.1.0") {
  const auto schema =
      Schema::parse(read_file(kRepository / "tests/data/sarif.schema.json").value());
  REQUIRE(schema);
  std::size_t results = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(kRepository / "tests/data/mistakes")) {
    INFO(entry.path().filename().string());
    const std::string text = sarif_of(entry.path() / "bad");
    CHECK(wrong_in(*schema, text) == "");
    const auto log = parse_json(text);
    REQUIRE(log);
    results += log->at("runs").at(0).at("results").as_array().size();
  }
  CHECK(results > 5);
  CHECK(wrong_in(*schema,
                 R"({"version":"2.1.0","runs":[{"tool":{"driver":{"name":""}},"results":[]}]})") !=
        "");
}
