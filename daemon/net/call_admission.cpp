// Permits of calls, and what their clients hear while they wait and run.
#include <set>
#include <utility>

#include "daemon/net/call.hpp"

namespace exai::net {

namespace {

// Of the messages of all calls that wait or run; one alone may be as large as a message may.
constexpr std::size_t kMostBytes = 256U << 20U;

}  // namespace

// Whether it may run, now or in its turn; else it has been refused.
bool CallRunner::admit(Call& call, const mcp::StartCall& request) {
  if (bytes_ > kMostBytes && bytes_ > call.bytes) {
    finish(call, mcp::Outcome(mcp::Refusal{
                     "memory", "over capacity: the calls in progress are too large together", 1s}));
    return false;
  }
  const Caller& caller = call.peer->origin().caller;
  const std::string scope =
      caller.scopes ? source_.scope(call.method, request.name) : std::string();
  if (!may(caller, scope)) {
    observer_.denied("scope");
    finish(call, fail(Errc::denied, "the token lacks the scope {}", scope_name(scope)));
    return false;
  }
  mcp::Needs needs;
  if (call.method == "tools/call") needs = source_.needs(request.name, request.arguments);
  call.provider = needs.provider;
  auto entry = admission_.enter(call.peer->origin(), request, std::move(needs), call.request_id);
  if (entry.refusal) {
    finish(call, mcp::Outcome(*std::move(entry.refusal)));
    return false;
  }
  call.permit = std::move(entry.permit);
  mcp::FrontEnd* front_end = call.front_end();
  if (!call.permit.is_waiting()) {
    admitted(call, 0ms);
  } else if (front_end) {
    const auto full = call.permit.obstacle();
    const std::string why = full ? describe(*full) : "others came first";
    if (auto text = front_end->waiting(call.key.id, why)) call.peer->notify(*std::move(text));
  }
  return true;
}

void CallRunner::admitted(Call& call, Duration waited) {
  if (call.permit.is_held())
    observer_.admitted(call.provider, std::chrono::duration<double>(waited).count());
  mcp::FrontEnd* front_end = call.front_end();
  if (!front_end) return;
  if (auto text = front_end->admitted(call.key.id, limits_.call - waited))
    call.peer->notify(*std::move(text));
}

Task<> CallRunner::beat(std::shared_ptr<Call> call, Duration every) {
  for (;;) {
    co_await clock_.sleep_for(every);
    mcp::FrontEnd* front_end = call->ended ? nullptr : call->front_end();
    if (!front_end) co_return;
    if (auto text = front_end->heartbeat(call->key.id)) call->peer->notify(*std::move(text));
  }
}

void CallRunner::check_permits() {
  std::set<std::string> running;
  for (const auto& [key, call] : calls_) running.insert(call->request_id);
  const auto leaked = admission_.reclaim(
      [&](const resilience::Owner& owner) { return running.contains(owner.request); });
  for (const auto& owner : leaked)
    log_.error("a permit was held by a call that is gone",
               {{"session", owner.session.substr(0, kLoggedIdLength)}, {"request", owner.request}});
  if (!leaked.empty()) observer_.leaked(leaked.size());
}

}  // namespace exai::net
