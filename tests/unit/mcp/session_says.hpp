#pragma once
// What the tests of sessions share: sessions in some state, and their outputs as lines of text.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "daemon/mcp/session.hpp"
#include "tests/unit/mcp/test_source.hpp"

namespace exai::mcp {

inline const ServerInfo kServer{"exai", "EXAI", "1.2.3", "Call status first."};

inline Catalog two_tools() {
  Catalog catalog;
  catalog.tools.resize(2);
  catalog.tools[0].name = "echo";
  catalog.tools[1].name = "wait";
  return catalog;
}

inline Catalog everything() {
  Catalog catalog = two_tools();
  catalog.resources = {{"test://a", "a", "", "text/plain"}};
  catalog.templates = {{"test://{id}", "any", "", ""}};
  catalog.prompts = {{"greet", "says hello", {{"who", "whom", true}}}};
  catalog.changes = true;
  return catalog;
}

inline const test::TestSource kTools{two_tools()};
inline const test::TestSource kEverything{everything()};

// Each output as one line: "→ text", "start id name arguments [progress]", "cancel id",
// "answered id text".
inline std::string line_of(const Output& output) {
  if (const auto* reply = std::get_if<Reply>(&output)) return "→ " + reply->text;
  if (const auto* cancel = std::get_if<CancelCall>(&output))
    return "cancel " + to_text(rpc::to_json(cancel->id));
  if (const auto* answered = std::get_if<Answered>(&output))
    return "answered " + to_text(rpc::to_json(answered->id)) + " " +
           (answered->answer ? to_text(*answered->answer) : answered->answer.error().message());
  const auto& call = std::get<StartCall>(output);
  return "start " + to_text(rpc::to_json(call.id)) + " " + call.name + " " +
         to_text(call.arguments) + (call.wants_progress ? " progress" : "");
}

inline std::vector<std::string> say(Session& session, std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& output : session.receive(text)) lines.push_back(line_of(output));
  return lines;
}

inline int code_of(Session& session, std::string_view text) {
  const auto outputs = session.receive(text);
  REQUIRE(outputs.size() == 1);
  return std::get<Reply>(outputs.front()).code;
}

inline std::string initialize(std::string_view version) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{}",)"
      R"("capabilities":{{}},"clientInfo":{{"name":"test","version":"9"}}}}}})",
      version);
}

inline Session open_session(std::string_view version = "2025-11-25",
                            std::size_t max_in_flight = 10) {
  Session session(kServer, kTools, max_in_flight);
  session.receive(initialize(version));
  session.receive(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  REQUIRE(session.state() == Session::State::open);
  return session;
}

inline std::string call(int id, std::string_view rest = R"("name":"echo")") {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{{}}}}})", id,
                     rest);
}

inline ToolResult said(std::string text) {
  ToolResult result;
  result.text = std::move(text);
  return result;
}

using Lines = std::vector<std::string>;

}  // namespace exai::mcp
