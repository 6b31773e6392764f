#include "daemon/mcp/protocol.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::mcp;

namespace {

Catalog many_tools(std::size_t count) {
  Catalog catalog;
  catalog.tools.resize(count);
  for (std::size_t i = 0; i < count; ++i) catalog.tools[i].name = "tool_" + std::to_string(i);
  return catalog;
}

Result<json::object> tools_page(const Catalog& catalog, const std::string& cursor) {
  return list_page(catalog, "tools/list", json::object{{"cursor", cursor}});
}

std::string text_of(std::string_view text) {
  ToolResult result;
  result.text = text;
  return call_result_text(rpc::Id(1), result);
}

}  // namespace

TEST_CASE("a message is modern when its _meta names a version, and only then") {
  CHECK(modern_request(R"({"jsonrpc":"2.0","id":1,"method":"x","params":)"
                       R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"));
  CHECK_FALSE(modern_request(R"({"jsonrpc":"2.0","id":1,"method":"x","params":)"
                             R"({"text":"io.modelcontextprotocol/protocolVersion"}})"));
  CHECK_FALSE(modern_request(R"({"jsonrpc":"2.0","id":1,"method":"x"})"));
  CHECK_FALSE(modern_request("io.modelcontextprotocol/protocolVersion"));
}

TEST_CASE("tools are listed in pages that lead to each other") {
  const auto tools = many_tools(120);
  std::string cursor;
  std::vector<std::string> names;
  std::size_t pages = 0;
  do {
    const auto page = tools_page(tools, cursor);
    REQUIRE(page);
    for (const auto& tool : *find_array(*page, "tools"))
      names.push_back(*find_string(tool.as_object(), "name"));
    cursor = find_string(*page, "nextCursor").value_or("");
    ++pages;
  } while (!cursor.empty());
  CHECK(pages == 3);
  REQUIRE(names.size() == 120);
  CHECK(names.front() == "tool_0");
  CHECK(names.back() == "tool_119");
}

TEST_CASE("a cursor that we never gave is refused") {
  const auto cursor = GENERATE(as<std::string>{}, "after-", "after-0", "after--5", "after-3",
                               "after-1x", "50", "after-99999999999999999999");
  const auto page = tools_page(many_tools(3), cursor);
  REQUIRE_FALSE(page);
  CHECK(page.error().code() == Errc::invalid);
}

TEST_CASE("a listed tool has its schema and its hints") {
  ToolInfo tool;
  tool.name = "chat";
  tool.title = "Chat";
  tool.description = "Asks a model.";
  tool.input_schema = {{"type", "object"}};
  tool.open_world = true;
  Catalog catalog;
  catalog.tools = {tool};
  const auto page = tools_page(catalog, "");
  REQUIRE(page);
  CHECK(to_text(*page) ==
        R"({"tools":[{"name":"chat","title":"Chat","description":"Asks a model.",)"
        R"("inputSchema":{"type":"object"},)"
        R"("annotations":{"readOnlyHint":true,"openWorldHint":true}}]})");
}

TEST_CASE("the text of a result is escaped as JSON asks") {
  CHECK(text_of("plain") ==
        R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"plain"}]}})");
  const auto text = GENERATE(as<std::string>{}, "", "\"quoted\" and \\", "a\nb\r\tc", "\x01\x1f",
                             "Grüße 👋", std::string("zero\0byte", 9), "\"", "tail\\");
  const auto parsed = parse_json_object(text_of(text));
  REQUIRE(parsed);
  const auto& item = find_array(*find_object(*parsed, "result"), "content")->at(0).as_object();
  CHECK(*find_string(item, "text") == text);
}

TEST_CASE("a result says when it is an error and what is structured in it") {
  ToolResult result;
  result.text = "no";
  result.is_error = true;
  result.structured = {{"why", "because"}};
  CHECK(call_result_text(rpc::Id("a\"b"), result) ==
        R"({"jsonrpc":"2.0","id":"a\"b","result":{"content":[{"type":"text","text":"no"}],)"
        R"("structuredContent":{"why":"because"},"isError":true}})");
}

TEST_CASE("progress is told to the token that asked for it") {
  CHECK(progress_text(json::value("tok"), {0.5, 1.0, "half"}) ==
        R"({"jsonrpc":"2.0","method":"notifications/progress",)"
        R"("params":{"progressToken":"tok","progress":5E-1,"total":1E0,"message":"half"}})");
}
