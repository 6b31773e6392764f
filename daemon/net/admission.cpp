#include "daemon/net/admission.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace exai::net {

using resilience::Full;
using resilience::Pool;

// One that waits, for as long as it does.
struct Admission::Waiter {
  Waiter(Admission& owner, std::string name)
      : admission(owner), request(std::move(name)), woken(owner.loop_.executor(), Time::max()) {
    admission.waiters_.emplace(request, &woken);
  }
  ~Waiter() { admission.waiters_.erase(request); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Admission& admission;
  std::string request;
  Timer woken;  // cancelled when its turn has come
};

std::string describe(const Full& full) {
  const std::string calls = count_of(full.limit, "call");
  switch (full.pool) {
    case Pool::global:
      return fmt::format("this server runs {} at a time", calls);
    case Pool::provider:
      return fmt::format("{} is asked by {} at a time", full.key, calls);
    case Pool::session:
      return fmt::format("a session runs {} at a time", calls);
    case Pool::conversation:
      return fmt::format("a conversation takes {} at a time", calls);
  }
  return {};
}

Admission::Admission(Loop& loop, Clock& clock, AdmissionOptions options)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      rates_(options_.rates),
      permits_(options_.permits, [this](const resilience::Owner& owner) {
        const auto waiter = waiters_.find(owner.request);
        if (waiter != waiters_.end()) waiter->second->cancel();
      }) {}

mcp::Refusal Admission::refuse(const Full& full, std::string_view why) const {
  return {std::string(name(full.pool)),
          fmt::format("over capacity: {}{}; try again in {}", describe(full), why,
                      format_duration(options_.retry_after)),
          options_.retry_after};
}

Admission::Entry Admission::enter(const Origin& origin, const mcp::StartCall& call,
                                  mcp::Needs needs, std::string request) {
  if (call.method == "tools/call" && std::ranges::count(options_.exempt, call.name) > 0) return {};
  if (const auto empty = rates_.take(origin.address, origin.session, clock_.now())) {
    const std::string_view whose = empty->level == "global"    ? "this server gets"
                                   : empty->level == "address" ? "your address sends"
                                                               : "this session sends";
    return {{},
            mcp::Refusal{std::string(empty->level) + "_rate",
                         fmt::format("over capacity: {} calls faster than it may; try again in {}",
                                     whose, format_duration(empty->retry_after)),
                         empty->retry_after}};
  }
  using enum resilience::Permits::WhenFull;
  auto answer = permits_.ask(
      {std::move(needs.provider), origin.session, std::move(needs.conversation)},
      {origin.session, std::move(request)}, options_.wait > 0ms ? wait_turn : refuse_now);
  if (answer.permit.is_held() || answer.permit.is_waiting())
    return {std::move(answer.permit), std::nullopt};
  mcp::Refusal refusal =
      refuse(*answer.full, answer.queue_is_full ? ", and as many wait as may" : "");
  if (answer.queue_is_full) refusal.limit = "queue";
  return {{}, std::move(refusal)};
}

Task<Result<>> Admission::turn(const resilience::Permit* permit, std::string request) {
  Waiter waiter(*this, std::move(request));
  while (permit->is_waiting()) {
    co_await waiter.woken.async_wait(kAsTuple);
  }
  co_return Result<>{};
}

Task<std::optional<mcp::Refusal>> Admission::wait(const resilience::Permit* permit,
                                                  std::string request, Duration limit) {
  Task<Result<>> its_turn = turn(permit, std::move(request));
  const auto come = co_await with_timeout(clock_, std::move(its_turn), limit);
  if (permit->is_held()) co_return std::nullopt;
  const auto full = permit->obstacle().value_or(Full{});
  co_return refuse(full, ", and none ended within " + format_duration(limit));
}

std::vector<resilience::Owner> Admission::reclaim(
    const std::function<bool(const resilience::Owner&)>& exists) {
  auto leaked = permits_.leaked(exists);
  for (const auto& owner : leaked) permits_.reclaim(owner);
  return leaked;
}

std::vector<Admission::Use> Admission::uses() const {
  std::vector<Use> uses{{"global", "", permits_.in_use(Pool::global), options_.permits.global}};
  for (const auto& [provider, limit] : options_.permits.providers)
    uses.push_back({"provider", provider, permits_.in_use(Pool::provider, provider), limit});
  return uses;
}

}  // namespace exai::net
