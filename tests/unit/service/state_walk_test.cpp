// Any sequence of events, however unlikely, keeps what is always true of a machine.
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/service/world.hpp"

using namespace exai::service;

TEST_CASE("no sequence of events breaks what is always true") {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    World world([&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    });
    for (int i = 0; i < 150; ++i) world.happen();
    world.come_to_rest();
    CAPTURE(seed);
    REQUIRE(world.violation() == "");
  }
}
