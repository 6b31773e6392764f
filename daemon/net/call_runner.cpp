#include "daemon/net/call_runner.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/base/os.hpp"

namespace exai::net {

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
// Over HTTP a session id lets in whoever knows it, so log lines carry only its beginning.
constexpr std::size_t kLoggedIdLength = 8;

std::string_view method_label(std::string_view method) {
  constexpr std::array<std::string_view, 15> kKnown = {
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
  };
  const auto known = std::ranges::find(kKnown, method);
  return known == kKnown.end() ? "other" : *known;
}

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

struct CallRunner::Call {
  Key key;
  std::string method;
  std::string name;
  std::shared_ptr<Peer> peer;  // none: the call has ended
  Time started;
  TaskGroup::Handle task;
  bool cancelled = false;
  bool ended = false;

  mcp::FrontEnd* front_end() const { return peer ? peer->front_end() : nullptr; }
};

// One of our requests to a client, for as long as somebody waits for its answer.
struct CallRunner::Asking {
  Asking(CallRunner& owner, std::shared_ptr<Peer> asked, Key id, asio::any_io_executor executor)
      : runner(owner), peer(std::move(asked)), key(std::move(id)), woken(executor, Time::max()) {
    runner.asking_.emplace(key, this);
  }
  ~Asking() {
    runner.asking_.erase(key);
    mcp::FrontEnd* front_end = answer ? nullptr : peer->front_end();
    if (!front_end) return;
    if (auto message = front_end->give_up(key.id)) peer->notify(*std::move(message));
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  CallRunner& runner;
  std::shared_ptr<Peer> peer;
  Key key;
  asio::steady_timer woken;  // cancelled when the answer is there
  std::optional<Result<json::object>> answer;
};

class CallRunner::CallClient final : public mcp::Client {
 public:
  CallClient(CallRunner& runner, std::weak_ptr<Call> call)
      : runner_(runner), call_(std::move(call)) {}

  bool supports(std::string_view capability) const override {
    const auto call = call_.lock();
    const auto* front_end = call ? call->front_end() : nullptr;
    return front_end && front_end->supports(capability);
  }
  void log(const mcp::LogMessage& message) override {
    const auto call = call_.lock();
    const auto* front_end = call ? call->front_end() : nullptr;
    if (!front_end) return;
    if (auto text = front_end->log(call->key.id, message)) call->peer->notify(*std::move(text));
  }
  Task<Result<std::vector<json::object>>> ask(std::vector<mcp::Question> questions) override {
    return runner_.ask(call_.lock(), std::move(questions));
  }
  void close_stream() override {
    const auto call = call_.lock();
    if (call && call->peer) call->peer->close_stream();
  }

 private:
  CallRunner& runner_;
  std::weak_ptr<Call> call_;
};

CallRunner::CallRunner(Loop& loop, Clock& clock, Log log, mcp::Source& source,
                       McpObserver& observer, Duration call_limit)
    : clock_(clock),
      source_(source),
      observer_(observer),
      call_limit_(call_limit),
      tasks_(loop, std::move(log)),
      request_prefix_(random_hex(4) + "-") {}

void CallRunner::receive(const std::shared_ptr<Peer>& peer, std::string_view text) {
  mcp::FrontEnd* front_end = peer->front_end();
  if (!front_end) return;
  const Time started = clock_.now();
  auto outputs = front_end->receive(text);
  for (auto& output : outputs) tell(peer, std::move(output), started);
}

void CallRunner::tell(const std::shared_ptr<Peer>& peer, mcp::Output output, Time started) {
  if (auto* reply = std::get_if<mcp::Reply>(&output)) {
    observe(*reply, started);
    peer->reply(std::move(*reply));
  } else if (auto* request = std::get_if<mcp::StartCall>(&output)) {
    start(peer, std::move(*request));
  } else if (auto* answered = std::get_if<mcp::Answered>(&output)) {
    const auto asking = asking_.find({peer->session_id(), answered->id});
    if (asking == asking_.end()) return;
    asking->second->answer = std::move(answered->answer);
    asking->second->woken.cancel();
  } else if (auto* listen = std::get_if<mcp::Listen>(&output)) {
    peer->listen(std::move(*listen));
  } else {
    const auto call = calls_.find({peer->session_id(), std::get<mcp::CancelCall>(output).id});
    if (call != calls_.end()) cancel(*call->second);
  }
}

void CallRunner::start(const std::shared_ptr<Peer>& peer, mcp::StartCall request) {
  peer->call_started(request);
  auto call = std::make_shared<Call>();
  call->key = {peer->session_id(), request.id};
  call->method = std::move(request.method);
  call->name = std::move(request.name);
  call->peer = peer;
  call->started = clock_.now();
  calls_.emplace(call->key, call);
  if (draining_) return finish(*call, fail(Errc::unavailable, "the daemon is shutting down"));

  mcp::Call made;
  made.name = call->name;
  made.arguments = std::move(request.arguments);
  made.request_id = request_prefix_ + std::to_string(++requests_);
  made.session_id = peer->session_id().substr(0, kLoggedIdLength);
  made.client = std::make_shared<CallClient>(*this, call);
  made.progress = [](const mcp::Progress&) {};
  if (request.wants_progress) {
    made.progress = [weak = std::weak_ptr<Call>(call)](const mcp::Progress& progress) {
      const auto running = weak.lock();
      mcp::FrontEnd* front_end = running ? running->front_end() : nullptr;
      if (!front_end) return;
      if (auto message = front_end->progress(running->key.id, progress))
        running->peer->notify(*std::move(message));
    };
  }
  call->task = tasks_.spawn(call->method, run(call, std::move(made)));
}

Task<Result<mcp::Outcome>> CallRunner::work(std::string method, mcp::Call request) {
  if (method == "tools/call") {
    auto result = co_await source_.call(std::move(request));
    if (!result) co_return fail(std::move(result).error());
    co_return mcp::Outcome(*std::move(result));
  }
  Task<Result<json::object>> getting = method == "resources/read"
                                           ? source_.read(std::move(request))
                                           : source_.prompt(std::move(request));
  auto result = co_await std::move(getting);
  if (!result) co_return fail(std::move(result).error());
  co_return mcp::Outcome(*std::move(result));
}

Task<> CallRunner::run(std::shared_ptr<Call> call, mcp::Call request) {
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
  Task<Result<mcp::Outcome>> working = work(call->method, std::move(request));
  const auto outcome = co_await with_timeout(clock_, std::move(working), call_limit_);
  finish(*call, outcome);
}

Task<Result<std::vector<json::object>>> CallRunner::ask(std::shared_ptr<Call> call,
                                                        std::vector<mcp::Question> questions) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  std::vector<json::object> answers(questions.size());
  std::vector<std::unique_ptr<Asking>> asking(questions.size());
  std::optional<Error> refused;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    mcp::FrontEnd* front_end = call ? call->front_end() : nullptr;
    if (!front_end) co_return fail(Errc::cancelled, "the client has gone");
    if (!call->peer->can_notify())
      co_return fail(Errc::denied, "this client cannot be asked: it accepts no event streams");
    auto asked = front_end->ask(call->key.id, questions[i]);
    if (!asked) {
      refused = asked.error();
    } else if (auto* known = std::get_if<json::object>(&*asked)) {
      answers[i] = std::move(*known);
    } else {
      auto& sent = std::get<mcp::SentQuestion>(*asked);
      Key key{call->key.session, sent.id};
      asking[i] = std::make_unique<Asking>(*this, call->peer, std::move(key), executor);
      call->peer->notify(std::move(sent.text));
    }
  }
  if (refused) co_return fail(*refused);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    while (asking[i] && !asking[i]->answer) {
      co_await asking[i]->woken.async_wait(kAsTuple);
    }
    if (!asking[i]) continue;
    auto& answer = *asking[i]->answer;
    if (!answer) co_return fail(answer.error());
    answers[i] = *std::move(answer);
  }
  co_return answers;
}

void CallRunner::finish(Call& call, const Result<mcp::Outcome>& outcome) {
  call.ended = true;
  const auto peer = std::move(call.peer);
  const auto* tool = outcome ? std::get_if<mcp::ToolResult>(&*outcome) : nullptr;
  McpObserver::Request observed{method_label(call.method), "", "ok",
                                seconds_between(call.started, clock_.now())};
  if (call.method == "tools/call") observed.tool = "unknown";
  if (call.method == "tools/call" && knows(call.name)) observed.tool = call.name;
  if (!outcome) observed.outcome = "error";
  if (tool && tool->is_error) observed.outcome = "tool_error";
  if (call.cancelled) observed.outcome = "cancelled";
  observer_.finished(observed);
  if (mcp::FrontEnd* front_end = peer->front_end())
    if (auto reply = front_end->finish(call.key.id, outcome)) peer->reply(*std::move(reply));
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
  const auto& tools = source_.catalog().tools;
  return std::ranges::find(tools, tool, &mcp::ToolInfo::name) != tools.end();
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
