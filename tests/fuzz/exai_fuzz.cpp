// Lines are frames of two connections of one EXAI session; calls that start are finished in some
// order. Every answer says its op and request_id, a call has one result, and nothing stays running.
#include <cstdint>
#include <cstdlib>
#include <deque>

#include "core/base/text.hpp"
#include "daemon/mcp/exai_session.hpp"

using namespace exai;
using namespace exai::mcp;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Tools final : Source {
  Tools() {
    tools.tools.resize(2);
    tools.tools[0].name = "echo";
    tools.tools[1].name = "chat";
    tools.tools[1].open_world = true;
  }
  const Catalog& catalog() const override { return tools; }
  Task<Result<ToolResult>> call(Call) override { co_return fail(Errc::internal, ""); }
  Catalog tools;
};

struct Host final : ExaiHost {
  json::object health() const override { return {}; }
  Result<> rotate_token(const Secret&, const Secret&) override { return {}; }
};

void check_frame(std::string_view text) {
  const auto frame = parse_json_object(text);
  require(frame && find_string(*frame, "op") && frame->contains("request_id"));
}

struct Started {
  ExaiSession* session;
  rpc::Id id;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Loop loop;
  FakeClock clock(loop);
  const Tools tools;
  ExaiOptions options;
  options.max_in_flight = 4;
  ExaiLedger ledger({600s, 8, 10'000, 1000});
  Host host;
  const ExaiSession::Server server{options, tools, clock, ledger, host};
  {
    ExaiSession one(server, "same", 1);
    ExaiSession two(server, "same", 2);
    std::deque<Started> started;
    const auto finish_one = [&] {
      const Started call = started.front();
      started.pop_front();
      ToolResult result;
      result.is_error = started.size() % 2 == 1;
      const auto reply = call.session->finish(call.id, Outcome(result));
      require(reply.has_value());
      check_frame(reply->text);
      require(!call.session->finish(call.id, Outcome(result)));
      require(!call.session->heartbeat(call.id));
    };
    for (const std::string& line : split(text, '\n')) {
      (void)greet_exai(
          line, [](const Secret&, const Secret&) { return std::string(); }, "fresh");
      ExaiSession& session = line.size() % 3 == 0 ? two : one;
      for (const Output& output : session.receive(line)) {
        if (const auto* reply = std::get_if<Reply>(&output)) check_frame(reply->text);
        if (const auto* call = std::get_if<StartCall>(&output)) {
          started.push_back({&session, call->id});
          const auto ack = session.admitted(call->id, 1s);
          require(ack.has_value());
          check_frame(*ack);
        }
      }
      if (line.size() % 2 == 0 && !started.empty()) finish_one();
    }
    require(ledger.results() <= 8);
    require(ledger.running() >= started.size());
    if (size % 2 == 0)
      while (!started.empty()) finish_one();
  }
  require(ledger.running() == 0);
  return 0;
}
