#include "core/resilience/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace exai::resilience {

namespace {

constexpr std::array<std::string_view, 3> kLevels = {"global", "address", "session"};
constexpr Duration kPurgeEvery = 60s;
const std::string kShared = "*";  // neither an address nor a session

double refilled(double tokens, const Rate& rate, Time from, Time to) {
  const double seconds = std::chrono::duration<double>(to - from).count();
  return std::min(rate.capacity, tokens + rate.per_second * std::max(seconds, 0.0));
}

}  // namespace

RateLimiter::Bucket* RateLimiter::bucket(std::size_t level, const std::string& key, Time now) {
  const Rate& rate = limits_[level];
  if (rate.capacity <= 0) return nullptr;
  Level& buckets = levels_[level];
  auto found = buckets.find(key);
  if (found == buckets.end())
    found =
        buckets
            .try_emplace(buckets.size() < kMostBuckets ? key : kShared, Bucket{rate.capacity, now})
            .first;
  Bucket& one = found->second;
  one.tokens = refilled(one.tokens, rate, one.at, now);
  one.at = now;
  return &one;
}

std::optional<RateRefusal> RateLimiter::take(const std::string& address, const std::string& session,
                                             Time now) {
  if (now >= purge_due_) purge(now);
  std::array<Bucket*, 3> taken{};
  for (std::size_t level = 0; level < taken.size(); ++level) {
    const std::string& key = level == 1 ? address : session;
    if (level > 0 && key.empty()) continue;
    taken[level] = bucket(level, level == 0 ? kShared : key, now);
    if (!taken[level] || taken[level]->tokens >= 1) continue;
    const double rate = std::max(limits_[level].per_second, 1e-6);
    const double wait = std::min(std::ceil((1 - taken[level]->tokens) / rate * 1000), 3.6e6);
    return RateRefusal{kLevels[level], Duration(static_cast<Duration::rep>(wait))};
  }
  for (Bucket* one : taken)
    if (one) one->tokens -= 1;
  return std::nullopt;
}

void RateLimiter::purge(Time now) {
  purge_due_ = now + kPurgeEvery;
  for (std::size_t level = 1; level < levels_.size(); ++level)
    std::erase_if(levels_[level], [&](const auto& entry) {
      const Bucket& one = entry.second;
      return refilled(one.tokens, limits_[level], one.at, now) >= limits_[level].capacity;
    });
}

}  // namespace exai::resilience
