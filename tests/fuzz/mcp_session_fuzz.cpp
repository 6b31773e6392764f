// A whole conversation of the handshake era, its client's side out of any bytes. What is started is
// finished once, what is in flight is what was started, and all that is said is JSON-RPC.
#include <set>

#include "daemon/mcp/session.hpp"
#include "tests/fuzz/mcp_steps.hpp"

using namespace exai;

namespace {

constexpr std::size_t kMaxInFlight = 4;

struct Conversation {
  test::TestSource source{fuzz::catalog()};
  mcp::Session session{fuzz::kServer, source, kMaxInFlight};
  std::set<rpc::Id> running;
  std::set<rpc::Id> asked;

  void take(const mcp::Output& output) {
    if (const auto* reply = std::get_if<mcp::Reply>(&output))
      return fuzz::must_be_message(reply->text);
    if (const auto* start = std::get_if<mcp::StartCall>(&output))
      if (!running.insert(start->id).second) std::abort();  // two calls with one id
    if (const auto* cancel = std::get_if<mcp::CancelCall>(&output))
      if (!running.contains(cancel->id)) std::abort();
    if (const auto* answered = std::get_if<mcp::Answered>(&output))
      if (asked.erase(answered->id) != 1) std::abort();  // to what nobody asked, or twice
    if (std::holds_alternative<mcp::Listen>(output)) std::abort();  // of the other era
  }

  void finish(const rpc::Id& id, std::string_view how) {
    if (const auto reply = session.finish(id, fuzz::outcome_of(how)))
      fuzz::must_be_message(reply->text);
    running.erase(id);
  }

  void step(char what, std::string_view rest) {
    const rpc::Id first = running.empty() ? rpc::Id(std::int64_t{1}) : *running.begin();
    const auto number = static_cast<double>(rest.size());
    switch (what) {
      case 'f':
        if (!running.empty()) finish(first, rest);
        break;
      case 'p':
        fuzz::must_be_message(session.progress(first, {number, {}, printable(rest)}));
        break;
      case 'l':
        fuzz::must_be_message(session.log(first, {mcp::Severity::error, printable(rest), number}));
        break;
      case 'q':
        if (const auto question = session.ask(first, {"k", "elicitation/create", {}}))
          if (const auto* sent = std::get_if<mcp::SentQuestion>(&*question)) {
            fuzz::must_be_message(sent->text);
            asked.insert(sent->id);
          }
        break;
      case 'g':
        if (asked.empty()) break;
        fuzz::must_be_message(session.give_up(*asked.begin()));
        asked.erase(asked.begin());
        break;
      case 'u':
        fuzz::must_be_message(
            session.changed({mcp::Change::Kind::resource_updated, printable(rest)}));
        break;
      default:
        for (const mcp::Output& output : session.receive(rest)) take(output);
    }
    if (session.in_flight() != running.size() || running.size() > kMaxInFlight) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Conversation conversation;
  for (const std::string& line : split(text, '\n'))
    if (!line.empty()) conversation.step(line.front(), std::string_view(line).substr(1));
  while (!conversation.running.empty()) {
    const rpc::Id id = *conversation.running.begin();
    conversation.finish(id, "the end");
  }
  if (conversation.session.in_flight() != 0) std::abort();
  return 0;
}
