// What calls say to their clients, and ask them.
#include <utility>

#include "daemon/net/call.hpp"

namespace exai::net {

namespace {

}  // namespace

// One of our requests to a client, for as long as somebody waits for its answer.
struct CallRunner::Asking {
  Asking(CallRunner& owner, std::shared_ptr<Peer> asked, Key id, Executor executor)
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
  Timer woken;  // cancelled when the answer is there
  std::optional<Result<json::object>> answer;
};

class CallRunner::CallClient final : public mcp::Client {
 public:
  CallClient(CallRunner& runner, std::weak_ptr<Call> call)
      : runner_(runner), call_(std::move(call)) {}

  bool supports(std::string_view capability) const override {
    const auto call = call_.lock();
    const auto* front_end = call ? call->front_end() : nullptr;
    return front_end && front_end->capabilities().contains(capability);
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
  void become_task() override {
    if (const auto call = call_.lock()) (void)runner_.become_task(*call);
  }

 private:
  CallRunner& runner_;
  std::weak_ptr<Call> call_;
};

std::shared_ptr<mcp::Client> CallRunner::client_of(const std::shared_ptr<Call>& call) {
  return std::make_shared<CallClient>(*this, call);
}

// At the end nobody waits for people.
void CallRunner::cancel_waiting_tasks() {
  std::vector<Key> waiting;
  for (const auto& [question, asking] : asking_)
    if (question.session.starts_with(mcp::kTaskSession))
      waiting.push_back({question.session, mcp::kTaskCall});
  for (const Key& key : waiting) {
    const auto call = calls_.find(key);
    if (call != calls_.end()) cancel(*call->second);
  }
}

void CallRunner::answer(const Key& question, Result<json::object> given) {
  const auto asking = asking_.find(question);
  if (asking == asking_.end()) return;
  asking->second->answer = std::move(given);
  asking->second->woken.cancel();
}

Task<Result<std::vector<json::object>>> CallRunner::ask(std::shared_ptr<Call> call,
                                                        std::vector<mcp::Question> questions) {
  const Executor executor = co_await asio::this_coro::executor;
  std::vector<json::object> answers(questions.size());
  std::vector<std::unique_ptr<Asking>> asking(questions.size());
  std::optional<Error> refused;
  if (call && call->tasks == mcp::TaskUse::may) (void)become_task(*call);
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

}  // namespace exai::net
