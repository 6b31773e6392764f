// How the configuration matrix and the story of an option are printed.
#include "cli/config_view.hpp"

#include <catch2/catch.hpp>

namespace exai::cli {

namespace {

config::Matrix small_matrix() {
  config::Matrix matrix;
  matrix.environments = {"dev", "prod"};
  matrix.rows.push_back(
      {"PORT", "server", "port", false, {{"1", "default", true}, {"2", "p:1", true}}, false});
  matrix.rows.push_back({"NOTE", "stack", "", false, {{}, {"a|b <c>", "p:2", true}}, false});
  return matrix;
}

config::Explanation small_story() {
  config::Explanation story;
  story.name = "OWN";
  story.chain = {{"2", "prod.env:1", "OLD_NAME", true}, {"", "base.env:1", "", false}};
  return story;
}

}  // namespace

TEST_CASE("the matrix is a table for people") {
  CHECK(render_matrix(small_matrix(), MatrixFormat::table, 0, Colours::off) ==
        "OPTION  dev          prod\n"
        "PORT    1 (default)  2 (p:1)\n"
        "NOTE    –            a|b <c> (p:2)\n");
}

TEST_CASE("in Markdown and HTML a value cannot break the table") {
  CHECK(render_matrix(small_matrix(), MatrixFormat::markdown, 0, Colours::off) ==
        "| Option | dev | prod |\n|---|---|---|\n"
        "| `PORT` | 1 (default) | 2 (p:1) |\n"
        "| `NOTE` | – | a\\|b \\<c\\> (p:2) |\n");
  const std::string page = render_matrix(small_matrix(), MatrixFormat::html, 0, Colours::off);
  CHECK(page.find("<tr class=\"differs\"><th><code>NOTE</code></th><td>–<small></small></td>"
                  "<td>a|b &lt;c&gt;<small>p:2</small></td></tr>") != page.npos);
}

TEST_CASE("the matrix as JSON has null where nothing is set") {
  CHECK(to_text(matrix_json(small_matrix())) ==
        R"({"environments":["dev","prod"],"options":[)"
        R"({"name":"PORT","group":"server","unit":"port","secret":false,"same":false,)"
        R"("values":{"dev":{"value":"1","from":"default"},"prod":{"value":"2","from":"p:1"}}},)"
        R"({"name":"NOTE","group":"stack","unit":"","secret":false,"same":false,)"
        R"("values":{"dev":null,"prod":{"value":"a|b <c>","from":"p:2"}}}]})");
}

TEST_CASE("a story says who wins, who is shadowed, and under which name it was written") {
  CHECK(render_explanation(small_story(), "prod", Colours::off) ==
        "OWN = 2 in prod\n"
        "  2   prod.env:1  wins, written as OLD_NAME\n"
        "  \"\"  base.env:1  shadowed\n");
  CHECK(to_text(explanation_json(small_story(), "prod")) ==
        R"({"name":"OWN","environment":"prod","secret":false,"generated":false,"value":"2",)"
        R"("from":"prod.env:1","chain":[)"
        R"({"value":"2","from":"prod.env:1","written":"OLD_NAME","wins":true},)"
        R"({"value":"","from":"base.env:1","written":"OWN","wins":false}]})");
}

TEST_CASE("what nobody sets is not set, or generated") {
  config::Explanation story;
  story.name = "PASSWORD";
  CHECK(render_explanation(story, "dev", Colours::off) == "PASSWORD is not set in dev\n");
  story.generated = true;
  CHECK(render_explanation(story, "dev", Colours::off) ==
        "PASSWORD is generated on the first `exai up` in dev\n");
}

}  // namespace exai::cli
