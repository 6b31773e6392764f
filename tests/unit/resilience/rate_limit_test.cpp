#include "core/resilience/rate_limit.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::resilience;

namespace {

// "ok", or "level ms".
std::string take(RateLimiter& limiter, const std::string& address, const std::string& session,
                 Duration at) {
  const auto refusal = limiter.take(address, session, Time{} + 1h + at);
  if (!refusal) return "ok";
  return std::string(refusal->level) + " " + std::to_string(refusal->retry_after.count());
}

}  // namespace

TEST_CASE("a bucket gives what it holds, then what comes back") {
  RateLimiter limiter({{2, 4}, {}, {}});
  CHECK(take(limiter, "", "", 0ms) == "ok");
  CHECK(take(limiter, "", "", 0ms) == "ok");
  CHECK(take(limiter, "", "", 0ms) == "global 250");
  CHECK(take(limiter, "", "", 200ms) == "global 50");
  CHECK(take(limiter, "", "", 250ms) == "ok");
  CHECK(take(limiter, "", "", 250ms) == "global 250");
  for (int i = 0; i < 2; ++i)
    CHECK(take(limiter, "", "", 10s) == "ok");  // never more than it holds
  CHECK(take(limiter, "", "", 10s) == "global 250");
}

TEST_CASE("the outermost level that is empty is named; each address and session has its own") {
  RateLimiter limiter({{5, 1}, {3, 1}, {1, 1}});
  CHECK(take(limiter, "1.2.3.4", "a", 0ms) == "ok");
  CHECK(take(limiter, "1.2.3.4", "a", 0ms) == "session 1000");
  CHECK(take(limiter, "1.2.3.4", "b", 0ms) == "ok");
  CHECK(take(limiter, "1.2.3.4", "c", 0ms) == "ok");
  CHECK(take(limiter, "1.2.3.4", "d", 0ms) == "address 1000");
  CHECK(take(limiter, "5.6.7.8", "d", 0ms) == "ok");
  CHECK(take(limiter, "", "e", 0ms) == "ok");  // no address: no limit for it
  CHECK(take(limiter, "", "f", 0ms) == "global 1000");
}

TEST_CASE("what an inner level refuses costs the outer ones nothing") {
  RateLimiter limiter({{2, 0}, {2, 0}, {1, 0}});
  CHECK(take(limiter, "x", "a", 0ms) == "ok");
  for (int i = 0; i < 10; ++i) CHECK(take(limiter, "x", "a", 0ms) == "session 3600000");
  CHECK(take(limiter, "x", "b", 0ms) == "ok");
}

TEST_CASE("without limits everything passes and nothing is remembered") {
  RateLimiter limiter({});
  for (int i = 0; i < 1000; ++i) REQUIRE(take(limiter, "x", std::to_string(i), 0ms) == "ok");
  CHECK(limiter.buckets() == 0);
}

TEST_CASE("buckets that are full again are forgotten, and there are never too many") {
  RateLimiter limiter({{}, {}, {1, 1}});
  for (std::size_t i = 0; i < RateLimiter::kMostBuckets + 1000; ++i)
    take(limiter, "", std::to_string(i), 0ms);
  CHECK(limiter.buckets() <= RateLimiter::kMostBuckets + 1);
  CHECK(take(limiter, "", "a newcomer", 0ms) == "session 1000");  // they share one by now
  CHECK(take(limiter, "", "later", 2min) == "ok");
  CHECK(limiter.buckets() == 1);
}
