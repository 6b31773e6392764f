#include "daemon/net/call_runner.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/os.hpp"
#include "daemon/net/call.hpp"

namespace exai::net {

namespace {

constexpr std::string_view kToolCall = "tools/call";

std::string_view method_label(std::string_view method) {
  constexpr std::array<std::string_view, 18> kKnown = {
      "tools/call",
      "tools/list",
      "initialize",
      "ping",
      "batch",
      "resources/read",
      "resources/list",
      "resources/subscribe",
      "resources/templates/list",
      "prompts/get",
      "prompts/list",
      "completion/complete",
      "logging/setLevel",
      "server/discover",
      "subscriptions/listen",
      "tasks/get",
      "tasks/update",
      "tasks/cancel",
  };
  const auto known = std::ranges::find(kKnown, method);
  return known == kKnown.end() ? "other" : *known;
}

template <class Answer>
Result<mcp::Outcome> as_outcome(Result<Answer> answer) {
  if (!answer) return fail(std::move(answer).error());
  return mcp::Outcome(*std::move(answer));
}

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

CallRunner::CallRunner(Loop& loop, Clock& clock, Log log, mcp::Source& source,
                       McpObserver& observer, Admission& admission, mcp::TaskTable& tasks,
                       Limits limits)
    : clock_(clock),
      source_(source),
      observer_(observer),
      admission_(admission),
      long_calls_(tasks),
      log_(log),
      limits_(limits),
      tasks_(loop, std::move(log)),
      request_prefix_(random_hex(4) + "-") {}

void CallRunner::receive(const std::shared_ptr<Peer>& peer, std::string_view text) {
  mcp::FrontEnd* front_end = peer->front_end();
  if (!front_end) return;
  carry_out(peer, front_end->receive(text), text.size());
}

void CallRunner::carry_out(const std::shared_ptr<Peer>& peer, std::vector<mcp::Output> outputs,
                           std::size_t bytes) {
  const Time started = clock_.now();
  for (auto& output : outputs) tell(peer, std::move(output), started, bytes);
}

void CallRunner::tell(const std::shared_ptr<Peer>& peer, mcp::Output output, Time started,
                      std::size_t bytes) {
  const auto session = [&peer](const std::string& named) {
    return named.empty() ? peer->session_id() : named;
  };
  if (auto* reply = std::get_if<mcp::Reply>(&output)) {
    observe(*reply, started);
    peer->reply(std::move(*reply));
  } else if (auto* request = std::get_if<mcp::StartCall>(&output)) {
    start(peer, std::move(*request), started, bytes);
  } else if (auto* answered = std::get_if<mcp::Answered>(&output)) {
    answer({session(answered->session), answered->id}, std::move(answered->answer));
  } else if (auto* listen = std::get_if<mcp::Listen>(&output)) {
    peer->listen(std::move(*listen));
  } else {
    const auto& named = std::get<mcp::CancelCall>(output);
    const auto call = calls_.find({session(named.session), named.id});
    if (call != calls_.end()) cancel(*call->second);
  }
}

void CallRunner::start(const std::shared_ptr<Peer>& peer, mcp::StartCall request, Time started,
                       std::size_t bytes) {
  peer->call_started(request);
  auto call = std::make_shared<Call>();
  call->key = {peer->session_id(), request.id};
  call->method = request.method;
  call->name = request.name;
  call->peer = peer;
  call->tasks = request.tasks;
  call->started = started;
  call->request_id = request_prefix_ + std::to_string(++requests_);
  calls_.emplace(call->key, call);
  call->bytes = bytes;
  bytes_ += bytes;
  if (draining_) return finish(*call, fail(Errc::unavailable, "the daemon is shutting down"));
  if (!admit(*call, request) || !begin_task(*call)) return;

  mcp::Call made;
  made.name = call->name;
  made.arguments = std::move(request.arguments);
  made.request_id = call->request_id;
  made.session_id = peer->session_id().substr(0, kLoggedIdLength);
  made.caller = peer->origin().caller.name;
  made.client = client_of(call);
  made.progress = [](const mcp::Progress&) {};
  if (request.wants_progress) {
    made.progress = [weak = std::weak_ptr<Call>(call)](const mcp::Progress& progress) {
      const auto running = weak.lock();
      mcp::FrontEnd* front_end = running ? running->front_end() : nullptr;
      if (!front_end) return;
      auto message = front_end->progress(running->key.id, progress);
      if (!message) return;
      running->peer->notify(*std::move(message));
      if (auto plain = front_end->heartbeat(running->key.id))
        running->peer->notify(*std::move(plain));
    };
  }
  call->task = tasks_.spawn(call->method, run(call, std::move(made)));
  // What follows is for calls that go on: most have ended by now.
  if (!call->ended && !call->permit.is_waiting()) set_alarm(call, 0ms);
  if (!call->ended && call->tasks == mcp::TaskUse::may)
    call->patience = tasks_.spawn("patience", lose_patience(call));
  const mcp::FrontEnd* front_end = call->ended ? nullptr : call->front_end();
  const Duration every = front_end ? front_end->heartbeat_every() : Duration{};
  if (every > 0ms) call->heartbeat = tasks_.spawn("heartbeat", beat(call, every));
}

Task<> CallRunner::run(std::shared_ptr<Call> call, mcp::Call request) {
  struct Unfinished {  // the tool threw: by cancellation, or for want of better
    CallRunner& runner;
    Call& call;
    ~Unfinished() {
      if (call.ended) return;
      const auto error =
          call.cancelled
              ? Error(Errc::cancelled, fmt::format("the tool was stopped: {}", call.why_cancelled))
              : Error(Errc::internal, "the tool failed unexpectedly; the daemon's log says how");
      const bool late = call.too_late != Call::TooLate::no;
      runner.finish(call, late ? runner.too_late(call) : fail(error));
    }
  };
  const Unfinished unfinished{*this, *call};
  if (call->permit.is_waiting()) {
    const Time asked = clock_.now();
    const Duration limit = std::min(admission_.longest_wait(), limits_.call);
    auto refused = co_await admission_.wait(&call->permit, call->request_id, limit);
    if (refused) {
      finish(*call, mcp::Outcome(*std::move(refused)));
      co_return;
    }
    const auto waited = std::chrono::duration_cast<Duration>(clock_.now() - asked);
    admitted(*call, waited);
    set_alarm(call, waited);
  }
  Result<mcp::Outcome> outcome;
  if (call->method == kToolCall) {
    Task<Result<mcp::ToolResult>> calling = source_.call(std::move(request));
    outcome = as_outcome(co_await std::move(calling));
  } else {
    Task<Result<json::object>> getting = call->method == "resources/read"
                                             ? source_.read(std::move(request))
                                             : source_.prompt(std::move(request));
    outcome = as_outcome(co_await std::move(getting));
  }
  if (call->too_late != Call::TooLate::no) outcome = too_late(*call);
  finish(*call, outcome);
}

// One alarm for both limits: the nearer one rings.
void CallRunner::set_alarm(const std::shared_ptr<Call>& call, Duration waited) {
  const Duration left = std::max(limits_.call - waited, Duration(1));
  const Duration limit = call->method == kToolCall ? std::min(limits_.tool, left) : left;
  call->alarm = tasks_.spawn("limit", end_at_limit(call, limit));
}

Task<> CallRunner::end_at_limit(std::shared_ptr<Call> call, Duration limit) {
  co_await clock_.sleep_for(limit);
  if (call->ended) co_return;
  const bool is_tool = call->method == kToolCall && limit == limits_.tool;
  call->too_late = is_tool ? Call::TooLate::tool : Call::TooLate::call;
  tasks_.cancel(call->task);
}

Result<mcp::Outcome> CallRunner::too_late(const Call& call) const {
  if (call.too_late == Call::TooLate::call)
    return fail(Errc::timeout, "no answer within {}", format_duration(limits_.call));
  mcp::ToolResult result;
  result.is_error = true;
  result.text = fmt::format(
      "{}: stopped after {}. What to do: ask for less at once, or raise WORKFLOW_TOOL_TIMEOUT_SECS",
      call.name, format_duration(limits_.tool));
  return mcp::Outcome(std::move(result));
}

void CallRunner::finish(Call& call, const Result<mcp::Outcome>& outcome) {
  call.ended = true;
  call.permit.release();
  bytes_ -= std::exchange(call.bytes, 0);
  tasks_.cancel(call.heartbeat);
  tasks_.cancel(call.patience);
  tasks_.cancel(call.alarm);
  const auto peer = std::move(call.peer);
  const auto* tool = outcome ? std::get_if<mcp::ToolResult>(&*outcome) : nullptr;
  McpObserver::Request observed{method_label(call.method), "", "ok",
                                seconds_between(call.started, clock_.now())};
  if (call.method == kToolCall) observed.tool = "unknown";
  if (call.method == kToolCall && source_.has_tool(call.name)) observed.tool = call.name;
  if (!outcome) observed.outcome = "error";
  if (tool && tool->is_error) observed.outcome = "tool_error";
  if (const auto* refusal = outcome ? std::get_if<mcp::Refusal>(&*outcome) : nullptr) {
    observed.outcome = "refused";
    observer_.refused(refusal->limit, call.provider);
  }
  if (call.cancelled) observed.outcome = "cancelled";
  observer_.finished(observed);
  if (mcp::FrontEnd* front_end = peer->front_end())
    if (auto reply = front_end->finish(call.key.id, outcome)) peer->reply(*std::move(reply));
  peer->call_ended();
  const auto place = calls_.find(call.key);
  if (place != calls_.end() && place->second.get() == &call) calls_.erase(place);
}

void CallRunner::cancel(Call& call, std::string_view why) {
  if (call.ended) return;
  call.cancelled = true;
  call.why_cancelled = why;
  tasks_.cancel(call.task);
}

void CallRunner::cancel_session(const std::string& session_id, std::string_view why) {
  std::vector<std::shared_ptr<Call>> ending;  // a call that ends takes itself off the map
  for (const auto& [key, call] : calls_)
    if (key.session == session_id) ending.push_back(call);
  for (const auto& call : ending) cancel(*call, why);
}

void CallRunner::observe(const mcp::Reply& reply, Time started) const {
  McpObserver::Request observed{method_label(reply.method), "", reply.code == 0 ? "ok" : "error",
                                seconds_between(started, clock_.now())};
  observer_.finished(observed);
}

Task<Result<>> CallRunner::all_ended() {
  co_await tasks_.join();
  co_return Result<>{};
}

Task<> CallRunner::drain(Duration limit) {
  draining_ = true;
  cancel_waiting_tasks();
  auto ended = co_await with_timeout(clock_, all_ended(), limit);
  if (ended) co_return;
  const auto left = calls_;
  for (const auto& [key, call] : left) cancel(*call);
  co_await tasks_.join();
}

}  // namespace exai::net
