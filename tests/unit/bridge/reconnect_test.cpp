#include "cli/mcp/reconnect.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace exai;
using bridge::Reconnect;

namespace {

constexpr bridge::ReconnectPlan kEven{250ms, 30s, 0, 10s};

std::vector<Duration> pauses(Reconnect& reconnect, int count) {
  std::vector<Duration> result;
  for (int i = 0; i < count; ++i) result.push_back(reconnect.next_pause());
  return result;
}

}  // namespace

TEST_CASE("pauses double up to the longest, and stay there for ever") {
  Reconnect reconnect(1, kEven);
  CHECK(pauses(reconnect, 9) == std::vector<Duration>{250ms, 500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s});
  for (int i = 0; i < 100'000; ++i) REQUIRE(reconnect.next_pause() == 30s);
}

TEST_CASE("a connection that held begins anew, one that did not goes on") {
  Reconnect reconnect(1, kEven);
  pauses(reconnect, 5);
  reconnect.held(9s);
  CHECK(reconnect.next_pause() == 8s);
  reconnect.held(10s);
  CHECK(reconnect.next_pause() == 250ms);
}

TEST_CASE("jitter is a tenth to both sides, the same for the same seed, another for another") {
  Reconnect one(7);
  Reconnect same(7);
  Reconnect other(8);
  const auto pauses_of_one = pauses(one, 50);
  CHECK(pauses(same, 50) == pauses_of_one);
  CHECK(pauses(other, 50) != pauses_of_one);
  bool below = false;
  bool above = false;
  for (std::size_t i = 7; i < pauses_of_one.size(); ++i) {
    REQUIRE(pauses_of_one[i] >= 27s);
    REQUIRE(pauses_of_one[i] <= 33s);
    below = below || pauses_of_one[i] < 29s;
    above = above || pauses_of_one[i] > 31s;
  }
  CHECK(below);
  CHECK(above);
}
