#include "daemon/net/call_runner.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/os.hpp"

namespace exai::net {

namespace {

// Over HTTP a session id lets in whoever knows it, so log lines carry only its beginning.
constexpr std::size_t kLoggedIdLength = 8;

std::string_view method_label(std::string_view method) {
  constexpr std::array<std::string_view, 5> kKnown = {"tools/call", "tools/list", "initialize",
                                                      "ping", "batch"};
  const auto known = std::ranges::find(kKnown, method);
  return known == kKnown.end() ? "other" : *known;
}

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

struct CallRunner::Call {
  Key key;
  std::string tool;
  std::shared_ptr<Peer> peer;
  Time started;
  TaskGroup::Handle task;
  bool cancelled = false;
  bool ended = false;
};

CallRunner::CallRunner(Loop& loop, Clock& clock, Log log, mcp::ToolSource& tools,
                       McpObserver& observer, Duration call_limit)
    : clock_(clock),
      tools_(tools),
      observer_(observer),
      call_limit_(call_limit),
      tasks_(loop, std::move(log)),
      request_prefix_(random_hex(4) + "-") {}

void CallRunner::receive(const std::shared_ptr<Peer>& peer, std::string_view text) {
  mcp::Session* session = peer->session();
  if (!session) return;
  const Time started = clock_.now();
  auto outputs = session->receive(text);
  for (auto& output : outputs) {
    if (auto* reply = std::get_if<mcp::Reply>(&output)) {
      observe(*reply, started);
      peer->reply(std::move(*reply));
    } else if (auto* request = std::get_if<mcp::StartCall>(&output)) {
      start(peer, std::move(*request));
    } else {
      const Key key{peer->session_id(), std::get<mcp::CancelCall>(output).id};
      const auto call = calls_.find(key);
      if (call != calls_.end()) cancel(*call->second);
    }
  }
}

void CallRunner::start(const std::shared_ptr<Peer>& peer, mcp::StartCall request) {
  peer->call_started(request);
  auto call = std::make_shared<Call>();
  call->key = {peer->session_id(), request.id};
  call->tool = std::move(request.tool);
  call->peer = peer;
  call->started = clock_.now();
  calls_.emplace(call->key, call);
  if (draining_) return finish(*call, fail(Errc::unavailable, "the daemon is shutting down"));

  mcp::ToolCall tool_call;
  tool_call.name = call->tool;
  tool_call.arguments = std::move(request.arguments);
  tool_call.request_id = request_prefix_ + std::to_string(++requests_);
  tool_call.session_id = peer->session_id().substr(0, kLoggedIdLength);
  tool_call.progress = [](const mcp::Progress&) {};
  if (request.wants_progress) {
    tool_call.progress = [weak = std::weak_ptr<Call>(call)](const mcp::Progress& progress) {
      const auto running = weak.lock();
      mcp::Session* session = running && !running->ended ? running->peer->session() : nullptr;
      if (!session) return;
      if (auto message = session->progress(running->key.id, progress))
        running->peer->notify(*std::move(message));
    };
  }
  call->task = tasks_.spawn("tools/call", run(call, std::move(tool_call)));
}

Task<> CallRunner::run(std::shared_ptr<Call> call, mcp::ToolCall request) {
  struct Unfinished {  // the tool threw: by cancellation, or for want of better
    CallRunner& runner;
    Call& call;
    ~Unfinished() {
      if (call.ended) return;
      const auto error =
          call.cancelled
              ? Error(Errc::cancelled, "the tool was stopped: the daemon is shutting down")
              : Error(Errc::internal, "the tool failed unexpectedly; the daemon's log says how");
      runner.finish(call, fail(error));
    }
  };
  const Unfinished unfinished{*this, *call};
  Task<Result<mcp::ToolResult>> working = tools_.call(std::move(request));
  const auto result = co_await with_timeout(clock_, std::move(working), call_limit_);
  finish(*call, result);
}

void CallRunner::finish(Call& call, const Result<mcp::ToolResult>& result) {
  call.ended = true;
  const auto peer = std::move(call.peer);
  McpObserver::Request observed{"tools/call", "unknown", "ok",
                                seconds_between(call.started, clock_.now())};
  if (knows(call.tool)) observed.tool = call.tool;
  if (!result) observed.outcome = "error";
  if (result && result->is_error) observed.outcome = "tool_error";
  if (call.cancelled) observed.outcome = "cancelled";
  observer_.finished(observed);
  if (mcp::Session* session = peer->session())
    if (auto reply = session->finish(call.key.id, result)) peer->reply(*std::move(reply));
  peer->call_ended();
  calls_.erase(Key(call.key));
}

void CallRunner::cancel(Call& call) {
  call.cancelled = true;
  tasks_.cancel(call.task);
}

void CallRunner::cancel_session(const std::string& session_id) {
  std::vector<std::shared_ptr<Call>> ending;  // a call that ends takes itself off the map
  for (const auto& [key, call] : calls_)
    if (key.session == session_id) ending.push_back(call);
  for (const auto& call : ending) cancel(*call);
}

void CallRunner::observe(const mcp::Reply& reply, Time started) const {
  McpObserver::Request observed{method_label(reply.method), "", reply.code == 0 ? "ok" : "error",
                                seconds_between(started, clock_.now())};
  observer_.finished(observed);
}

bool CallRunner::knows(std::string_view tool) const {
  return std::ranges::find(tools_.tools(), tool, &mcp::ToolInfo::name) != tools_.tools().end();
}

Task<Result<>> CallRunner::all_ended() {
  co_await tasks_.join();
  co_return Result<>{};
}

Task<> CallRunner::drain(Duration limit) {
  draining_ = true;
  auto ended = co_await with_timeout(clock_, all_ended(), limit);
  if (ended) co_return;
  const auto left = calls_;
  for (const auto& [key, call] : left) cancel(*call);
  co_await tasks_.join();
}

}  // namespace exai::net
