// Requests of the stateless era out of any bytes, with headers and without. Each is answered once,
// and all that is said is JSON-RPC. There is a task "t" of this caller, which asks "k-1", and one
// that is another's.
#include "daemon/mcp/stateless.hpp"
#include "tests/fuzz/mcp_steps.hpp"

using namespace exai;

namespace {

struct World {
  test::TestSource source{fuzz::catalog()};
  mcp::Sealer sealer;
  mcp::TaskTable tasks{mcp::TaskTable::Limits{}};
  mcp::Stateless::Server server{fuzz::kServer, source, sealer, tasks};
  mcp::Moment now{};

  // Those of the input before have gone by then.
  void begin_tasks() {
    now.steady += 2h;
    if (!tasks.create("t", {"me", ""}, now) || !tasks.create("theirs", {"they", ""}, now))
      std::abort();
    tasks.ask("t", {"k", "elicitation/create", {{"message", "?"}}}, now.wall);
  }
  const mcp::TaskEntry& task(std::string_view id, std::string_view owner) {
    const auto* found = tasks.find(id, owner, now.steady);
    if (!found) std::abort();
    return *found;
  }
  void end_tasks(std::string_view how) {
    tasks.finish("t", fuzz::outcome_of(how), now.wall);
    const auto& mine = task("t", "me");
    if (mine.is_running() || !mine.questions.empty()) std::abort();
    if (!parse_json_object("{" + tasks.members(mine, mcp::TaskTable::Show::all) + "}"))
      std::abort();
    if (task("theirs", "they").cancelling) std::abort();
    tasks.finish("theirs", fuzz::outcome_of("done"), now.wall);
  }
};

// "name: value" up to the first line without a colon, which is the message.
std::optional<mcp::HeaderMap> take_headers(std::string_view& text) {
  mcp::HeaderMap headers;
  while (!text.empty() && text.front() != '{' && text.front() != '[') {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (headers.empty()) return std::nullopt;
  return headers;
}

void must_be_mine(const std::string& session) {
  if (session != "task/t") std::abort();
}

int converse(World& world, mcp::Stateless request, std::string_view text) {
  int replies = 0;
  for (const mcp::Output& output : request.receive(text)) {
    if (const auto* reply = std::get_if<mcp::Reply>(&output)) {
      fuzz::must_be_message(reply->text);
      const int status = mcp::Stateless::http_status(reply->code);
      if (status != 200 && status != 400 && status != 404) std::abort();
      ++replies;
    } else if (const auto* listen = std::get_if<mcp::Listen>(&output)) {
      fuzz::must_be_message(listen->acknowledgement);
      for (const std::string& one : listen->now) {
        fuzz::must_be_message(one);
        if (one.find(R"("taskId":"theirs")") != std::string::npos) std::abort();
      }
      fuzz::must_be_message(request.changed(world.task("t", "me")));
      fuzz::must_be_message(request.changed({mcp::Change::Kind::tools, ""}));
      fuzz::must_be_message(request.changed({mcp::Change::Kind::resource_updated, "test://a"}));
      fuzz::must_be_message(request.end_listening());
      ++replies;
    } else if (const auto* cancel = std::get_if<mcp::CancelCall>(&output)) {
      must_be_mine(cancel->session);
    } else if (const auto* answered = std::get_if<mcp::Answered>(&output)) {
      must_be_mine(answered->session);
      if (answered->id != rpc::Id("k-1")) std::abort();
    } else if (const auto* start = std::get_if<mcp::StartCall>(&output)) {
      if (start->tasks != mcp::TaskUse::never && text.size() % 2 == 0) {
        const auto created = request.become_task(start->id, world.task("t", "me"));
        if (!created || request.finish(start->id, fuzz::outcome_of("late"))) std::abort();
        fuzz::must_be_message(created->text);
        ++replies;
        continue;
      }
      fuzz::must_be_message(request.progress(start->id, {1, 2, "half"}));
      fuzz::must_be_message(request.log(start->id, {mcp::Severity::error, "l", text.size()}));
      const bool asks = text.size() % 3 == 0;
      if (asks) (void)request.ask(start->id, {"k", "elicitation/create", {{"message", "?"}}});
      const auto outcome = asks ? Result<mcp::Outcome>(fail(Errc::unavailable, "asked"))
                                : fuzz::outcome_of(start->name);
      if (const auto end = request.finish(start->id, outcome)) {
        fuzz::must_be_message(end->text);
        ++replies;
      }
    }
  }
  return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  world.begin_tasks();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto headers = take_headers(text);
  (void)mcp::modern_request(text);
  const auto message = rpc::parse(text);
  const auto* request = message ? std::get_if<rpc::Request>(&*message) : nullptr;
  const int replies = converse(
      world, mcp::Stateless(world.server, std::move(headers), world.now, {"me", ""}), text);
  world.end_tasks(text);
  if (replies > 1) std::abort();
  if (request && request->id && replies != 1) std::abort();
  return 0;
}
