// The bridge between any bytes on both of its sides, with losses in between. The client gets lines
// of JSON-RPC only, and to each of its requests one answer, neither more nor less.
#include <cstdint>
#include <cstdlib>
#include <map>

#include "cli/mcp/relay.hpp"
#include "core/base/text.hpp"

using namespace exai;
using namespace exai::bridge;

namespace {

struct World {
  Relay relay{"ws://here", "own-", {8, 4096, 30s, 3}};
  Time now{};
  std::map<rpc::Id, int> owed;  // answers; more than one where an id was used twice at a time

  void expect(const json::value& message, int change) {
    const auto parsed = rpc::from_json(message);
    if (!parsed) {
      if (change > 0 && parsed.error().id) ++owed[*parsed.error().id];  // refused under its id
      return;
    }
    if (const auto* request = std::get_if<rpc::Request>(&*parsed); request && change > 0) {
      if (request->id) ++owed[*request->id];
    } else if (const auto* answer = std::get_if<rpc::Response>(&*parsed); answer && change < 0) {
      if (answer->id && --owed[*answer->id] < 0) std::abort();  // answered twice, or to nothing
    }
  }

  void count(std::string_view text, int change) {
    const auto value = parse_json(text);
    if (!value) {
      if (change < 0) std::abort();  // no JSON on stdout
      return;
    }
    const json::array* batch = value->if_array();
    if (!batch) return expect(*value, change);
    for (const json::value& each : *batch) expect(each, change);
  }

  void take(const Actions& actions, Time at) {
    for (const Action& action : actions) {
      if (const auto* line = std::get_if<ToClient>(&action)) {
        if (line->line.find_first_of("\r\n") != std::string::npos) std::abort();
        count(line->line, -1);
      } else if (const auto* text = std::get_if<ToDaemon>(&action)) {
        if (relay.state() == Relay::State::down || !parse_json(text->text)) std::abort();
      } else if (std::holds_alternative<Drop>(action)) {
        take(relay.lost({Errc::unavailable, "dropped"}, at), at);
      }
    }
  }

  void step(char what, std::string_view rest) {
    const bool up = relay.state() != Relay::State::down;
    switch (what) {
      case '+':
        if (!up) take(relay.connected(), now);
        break;
      case '-':
        if (up) take(relay.lost({Errc::unavailable, printable(rest)}, now), now);
        break;
      case 'x':
        if (!up) take(relay.failed({Errc::denied, printable(rest)}, now), now);
        break;
      case 't':
        now += Duration(static_cast<std::int64_t>(rest.size()) * 1000);
        take(relay.expire(now), now);
        break;
      case '<':
        if (up) take(relay.from_daemon(rest), now);
        break;
      default:
        count(rest, 1);
        take(relay.from_client(rest, now), now);
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Batches hide which of their answers are owed when an id is in use, and cancelled requests are
  // owed none: what the unit test's rows are for.
  const bool exact = text.find("cancelled") == std::string_view::npos &&
                     text.find('[') == std::string_view::npos &&
                     text.find("\\u") == std::string_view::npos;
  World world;
  for (const std::string& line : split(text, '\n'))
    if (!line.empty()) world.step(line.front(), std::string_view(line).substr(1));
  world.relay.client_ended();
  const bool listened = text.find("listen") != std::string_view::npos;
  world.take(world.relay.give_up("the end"), world.now);
  if (!world.relay.is_idle()) std::abort();
  for (const auto& [id, count] : world.owed)
    if (exact && !listened && count != 0) std::abort();
  return 0;
}
