#include "daemon/net/byte_budget.hpp"

#include <catch2/catch.hpp>
#include <optional>

using namespace exai::net;

TEST_CASE("shares grow while there is room; who is refused gives back all of his") {
  ByteBudget budget(100);
  std::optional<ByteBudget::Share> a(budget);
  ByteBudget::Share b(budget);
  CHECK(a->resize(60));
  CHECK(b.resize(40));
  CHECK(budget.used() == 100);
  CHECK_FALSE(b.resize(41));
  CHECK(budget.used() == 60);
  CHECK(b.resize(10));
  CHECK(a->resize(0));
  CHECK(budget.used() == 10);
  CHECK(a->resize(90));
  a.reset();
  CHECK(budget.used() == 10);
}

TEST_CASE("one alone always may, however large, and then nobody beside it") {
  ByteBudget budget(100);
  ByteBudget::Share a(budget);
  ByteBudget::Share b(budget);
  CHECK(a.resize(1000));
  CHECK_FALSE(b.resize(1));
  CHECK(b.resize(0));
  CHECK(a.resize(2000));
  CHECK(a.resize(99));
  CHECK(b.resize(1));
}

TEST_CASE("without a limit all grow") {
  ByteBudget budget(0);
  ByteBudget::Share a(budget);
  ByteBudget::Share b(budget);
  CHECK(a.resize(1U << 30U));
  CHECK(b.resize(1U << 30U));
}
