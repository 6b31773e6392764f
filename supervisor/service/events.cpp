#include "supervisor/service/events.hpp"

namespace exai::service {

void EventRing::append(control::Event event) {
  event.sequence = ++last_;
  events_.push_back(std::move(event));
  if (events_.size() > capacity_) events_.pop_front();
  for (const auto& waiter : waiters_) waiter->cancel();
}

control::EventPage EventRing::page(std::uint64_t since) const {
  control::EventPage page;
  page.last = last_;
  const bool unknown = since > last_;  // a number of somebody else's: all we have
  if (unknown) since = 0;
  for (const control::Event& event : events_)
    if (event.sequence > since) page.events.push_back(event);
  const std::uint64_t oldest = events_.empty() ? last_ + 1 : events_.front().sequence;
  page.gap = unknown || since + 1 < oldest;
  return page;
}

void EventRing::release() {
  released_ = true;
  for (const auto& waiter : waiters_) waiter->cancel();
}

Task<control::EventPage> EventRing::next(std::uint64_t since, Duration wait) {
  if (last_ == since && wait > 0ms && !released_) {
    auto timer = std::make_shared<Timer>(loop_.executor(), wait);
    waiters_.push_back(timer);
    co_await timer->async_wait(kAsTuple);
    std::erase(waiters_, timer);
  }
  co_return page(since);
}

}  // namespace exai::service
