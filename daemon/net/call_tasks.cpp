// How calls become tasks: what they say goes into the table from then on, and not to a connection.
#include <utility>

#include "core/base/os.hpp"
#include "daemon/net/call.hpp"

namespace exai::net {

namespace {

constexpr std::size_t kTaskIdLength = 32;

}  // namespace

class CallRunner::TaskPeer final : public Peer {
 public:
  TaskPeer(const std::string& task, mcp::TaskFrontEnd front_end)
      : Peer(std::string(mcp::kTaskSession) + task), front_end_(std::move(front_end)) {}

  mcp::FrontEnd* front_end() override { return &front_end_; }
  void reply(mcp::Reply) override {}
  void notify(std::string) override {}

 private:
  mcp::TaskFrontEnd front_end_;
};

// Whether it may run: as a task at once if it is one of those, else as it came.
bool CallRunner::begin_task(Call& call) {
  if (call.tasks != mcp::TaskUse::at_once) return true;
  const auto begun = become_task(call);
  if (begun) return true;
  finish(call, mcp::Outcome(mcp::Refusal{"tasks", begun.error().message(), 5s}));
  return false;
}

// Errors: conflict, there is no room. Then it is still the call that it was, and stays that.
Result<> CallRunner::become_task(Call& call) {
  mcp::FrontEnd* front_end = call.front_end();
  if (call.ended || call.cancelled || !front_end || call.tasks == mcp::TaskUse::never) return {};
  call.tasks = mcp::TaskUse::never;
  const mcp::Moment now{clock_.now(), clock_.wall()};
  TRY(task, long_calls_.create(random_token(kTaskIdLength), owner_of(call.peer->origin()), now));
  auto peer = std::make_shared<TaskPeer>(
      task->id, mcp::TaskFrontEnd(long_calls_, clock_, task->id, front_end->capabilities()));
  auto reply = front_end->become_task(call.key.id, *task);
  EXAI_ASSERT(reply.has_value());
  const std::shared_ptr<Call> self = calls_.at(call.key);
  calls_.erase(call.key);
  call.key = {peer->session_id(), mcp::kTaskCall};
  calls_.emplace(call.key, self);
  const auto client = std::exchange(call.peer, std::move(peer));
  tasks_.cancel(call.heartbeat);
  client->reply(*std::move(reply));
  client->call_ended();
  if (const auto full = call.permit.is_waiting() ? call.permit.obstacle() : std::nullopt)
    call.front_end()->waiting(call.key.id, describe(*full));
  return {};
}

Task<> CallRunner::lose_patience(std::shared_ptr<Call> call) {
  co_await clock_.sleep_for(limits_.patience);
  if (const auto begun = become_task(*call); !begun)
    log_.info("a long call did not become a task", {{"why", begun.error().message()}});
}

}  // namespace exai::net
