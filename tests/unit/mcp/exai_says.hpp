#pragma once
// What the tests of EXAI sessions share: a server without I/O, and outputs as lines of text.

#include <memory>
#include <string>
#include <vector>

#include "daemon/mcp/exai_session.hpp"
#include "tests/unit/mcp/test_source.hpp"

namespace exai::mcp::exai_test {

using Lines = std::vector<std::string>;

inline Catalog some_tools() {
  Catalog catalog;
  catalog.tools.resize(4);
  catalog.tools[0].name = "echo";
  catalog.tools[0].description = "says it again";
  catalog.tools[0].input_schema = {{"type", "object"}};
  catalog.tools[1].name = "chat";
  catalog.tools[1].open_world = true;
  catalog.tools[2].name = "search";
  catalog.tools[2].open_world = true;
  catalog.tools[3].name = "keep";
  catalog.tools[3].open_world = true;
  catalog.tools[3].always_runs = true;
  catalog.tools[3].earlier_names = {"smart_keep"};
  return catalog;
}

struct Host final : ExaiHost {
  json::object health() const override { return {{"sessions", 1}}; }
  Result<> rotate_token(const Secret& old, const Secret& fresh) override {
    if (old.reveal() != "old") return fail(Errc::denied, "no");
    token = fresh.reveal();
    return {};
  }
  std::string token;
};

// One server, any number of sessions.
struct World {
  Loop loop;
  FakeClock clock{loop};
  test::TestSource source{some_tools()};
  ExaiOptions options = [] {
    ExaiOptions given;
    given.never_share = {"search"};
    given.max_in_flight = 3;
    return given;
  }();
  ExaiLedger ledger{{}};
  Host host;
  std::uint64_t connections = 0;

  std::unique_ptr<ExaiSession> session(std::string id = "alice") {
    return std::make_unique<ExaiSession>(ExaiSession::Server{options, source, clock, ledger, host},
                                         std::move(id), ++connections);
  }
};

// "→ text", "start id name arguments", "cancel id".
inline Lines say(ExaiSession& session, std::string_view text) {
  Lines lines;
  for (const auto& output : session.receive(text)) {
    if (const auto* reply = std::get_if<Reply>(&output)) {
      lines.push_back("→ " + reply->text);
    } else if (const auto* call = std::get_if<StartCall>(&output)) {
      lines.push_back("start " + std::get<std::string>(call->id) + " " + call->name + " " +
                      to_text(call->arguments));
    } else {
      lines.push_back("cancel " + std::get<std::string>(std::get<CancelCall>(output).id));
    }
  }
  return lines;
}

inline std::string call(std::string_view id, std::string_view tool = "echo",
                        std::string_view arguments = "{}") {
  return fmt::format(R"({{"op":"call_tool","request_id":"{}","name":"{}","arguments":{}}})", id,
                     tool, arguments);
}

inline Outcome said(std::string text) {
  ToolResult result;
  result.text = std::move(text);
  return result;
}

inline std::string finish(ExaiSession& session, const std::string& id,
                          const Result<Outcome>& outcome) {
  const auto reply = session.finish(id, outcome);
  return reply ? reply->text : "nothing";
}

inline std::string code_in(const std::string& line) {
  const auto frame = parse_json_object(line.substr(line.find('{')));
  const auto* error = frame ? find_object(*frame, "error") : nullptr;
  return error ? find_string(*error, "code").value_or("?") : "none";
}

inline Outcome over_capacity() {
  return Refusal{"global", "full", 1s};
}

}  // namespace exai::mcp::exai_test
