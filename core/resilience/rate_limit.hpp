#pragma once
// How often: token buckets in three levels, for all, for one address and for one session. Pure.
//
// A bucket begins full, holds `capacity` tokens and gets `per_second` back. take() needs one of
// each level and takes all or none, so a refusal at an inner level costs the outer ones nothing.
// A bucket that is full again is forgotten: it is the same as a new one. At most kMostBuckets are
// kept for each level; those who come beyond share one.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/time.hpp"

namespace exai::resilience {

struct Rate {
  double capacity = 0;  // 0: no limit
  double per_second = 0;
};

struct RateLimits {
  Rate global;
  Rate address;
  Rate session;
};

struct RateRefusal {
  std::string_view level;  // "global", "address" or "session"
  Duration retry_after{};
};

class RateLimiter {
 public:
  static constexpr std::size_t kMostBuckets = 100'000;

  explicit RateLimiter(const RateLimits& limits)
      : limits_{{limits.global, limits.address, limits.session}} {}

  // An empty address or session has no limit of that level.
  std::optional<RateRefusal> take(const std::string& address, const std::string& session, Time now);
  std::size_t buckets() const { return levels_[1].size() + levels_[2].size(); }

 private:
  struct Bucket {
    double tokens = 0;
    Time at{};
  };
  using Level = std::unordered_map<std::string, Bucket>;

  Bucket* bucket(std::size_t level, const std::string& key, Time now);
  void purge(Time now);

  std::array<Rate, 3> limits_;
  std::array<Level, 3> levels_;
  Time purge_due_{};
};

}  // namespace exai::resilience
