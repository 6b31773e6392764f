#include "core/resilience/permits.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>

using namespace exai::resilience;
using Names = std::vector<std::string>;

namespace {

constexpr auto kWait = Permits::WhenFull::wait_turn;
constexpr auto kRefuse = Permits::WhenFull::refuse_now;

PermitLimits limits(std::size_t global, std::size_t kimi, std::size_t session,
                    std::size_t conversation) {
  PermitLimits limits;
  limits.global = global;
  limits.providers = {{"kimi", kimi}};
  limits.session = session;
  limits.conversation = conversation;
  return limits;
}

// Permits whose grants are written down, by request.
struct Desk {
  explicit Desk(PermitLimits given)
      : permits(std::move(given),
                [this](const Owner& owner) { granted.push_back(owner.request); }) {}

  Permits::Answer ask(std::string request, Demand demand, Permits::WhenFull when_full = kWait) {
    Owner owner{demand.session, std::move(request)};
    return permits.ask(std::move(demand), std::move(owner), when_full);
  }

  Names granted;
  Permits permits;
};

}  // namespace

TEST_CASE(
    "a refusal names the first full pool, in the order global, provider, session, conversation") {
  const auto [held, asked, full] = GENERATE(table<Demand, Demand, std::optional<Full>>({
      {{"", "a", ""}, {"", "b", ""}, std::nullopt},
      {{"kimi", "a", ""}, {"kimi", "b", ""}, Full{Pool::provider, "kimi", 1}},
      {{"kimi", "a", "c"}, {"kimi", "a", "c"}, Full{Pool::provider, "kimi", 1}},
      {{"kimi", "a", ""}, {"glm", "b", ""}, std::nullopt},
      {{"", "a", "c"}, {"", "a", "c"}, Full{Pool::session, "a", 1}},
      {{"", "a", "c"}, {"", "b", "c"}, Full{Pool::conversation, "c", 1}},
      {{"", "a", "c"}, {"", "b", "d"}, std::nullopt},
      {{"", "", ""}, {"", "", ""}, std::nullopt},
  }));
  Desk desk(limits(2, 1, 1, 1));
  const auto first = desk.ask("1", held);
  REQUIRE(first.permit.is_held());
  const auto second = desk.ask("2", asked, kRefuse);
  CHECK(second.full == full);
  CHECK(second.permit.is_held() == !full);
  if (full) CHECK(desk.permits.held() == 1);
}

TEST_CASE("the global limit is named before all others") {
  Desk desk(limits(1, 1, 1, 1));
  const auto first = desk.ask("1", {"kimi", "a", "c"});
  CHECK(desk.ask("2", {"kimi", "a", "c"}, kRefuse).full == Full{Pool::global, "", 1});
}

TEST_CASE("a permit is released once: by release, by its end, by a move") {
  Desk desk(limits(3, 3, 3, 3));
  auto first = desk.ask("1", {"kimi", "a", "c"});
  auto second = desk.ask("2", {"kimi", "a", "c"});
  CHECK(desk.permits.in_use(Pool::provider, "kimi") == 2);
  first.permit.release();
  first.permit.release();
  CHECK(desk.permits.in_use(Pool::global) == 1);
  Permit moved = std::move(second.permit);
  CHECK(desk.permits.in_use(Pool::global) == 1);
  moved = Permit();
  CHECK(desk.permits.in_use(Pool::global) == 0);
  CHECK(desk.permits.in_use(Pool::provider, "kimi") == 0);
  CHECK(desk.permits.in_use(Pool::session, "a") == 0);
  CHECK(desk.permits.in_use(Pool::conversation, "c") == 0);
}

TEST_CASE("who waits is served in the order of coming") {
  Desk desk(limits(1, 1, 0, 0));
  auto first = desk.ask("1", {});
  auto second = desk.ask("2", {});
  auto third = desk.ask("3", {});
  CHECK(second.permit.is_waiting());
  CHECK(desk.permits.waiting() == 2);
  first.permit.release();
  CHECK(desk.granted == Names{"2"});
  CHECK(desk.ask("4", {}, kRefuse).full.has_value());
  second.permit.release();
  CHECK(desk.granted == Names{"2", "3"});
}

TEST_CASE("who waits for a full session or provider does not stop the others") {
  Desk desk(limits(3, 1, 1, 0));
  auto first = desk.ask("1", {"kimi", "a", ""});
  auto second = desk.ask("2", {"", "a", ""});
  CHECK(second.full == Full{Pool::session, "a", 1});
  auto third = desk.ask("3", {"", "b", ""});
  CHECK(third.permit.is_held());
  first.permit.release();
  CHECK(desk.granted == Names{"2"});
}

TEST_CASE("the first in line of a full pool has its place in the others kept") {
  Desk desk(limits(2, 1, 0, 0));
  auto kimi = desk.ask("kimi", {"kimi", "", ""});
  auto other = desk.ask("other", {});
  auto next_kimi = desk.ask("next kimi", {"kimi", "", ""});
  auto late = desk.ask("late", {});
  other.permit.release();  // a global permit is free, but not for `late`: next kimi came first
  CHECK(desk.granted.empty());
  CHECK(late.permit.obstacle() == Full{Pool::global, "", 2});
  kimi.permit.release();
  CHECK(desk.granted == Names{"next kimi", "late"});
}

TEST_CASE("one who gives up leaves the line, and those behind go on") {
  Desk desk(limits(2, 1, 0, 0));
  auto kimi = desk.ask("kimi", {"kimi", "", ""});
  auto other = desk.ask("other", {});
  auto next_kimi = desk.ask("next kimi", {"kimi", "", ""});
  auto late = desk.ask("late", {});
  other.permit.release();
  next_kimi.permit.release();
  CHECK(desk.granted == Names{"late"});
  CHECK(late.permit.is_held());
}

TEST_CASE("a newcomer is not told that it was granted: ask() has said so") {
  Desk desk(limits(2, 1, 0, 0));
  auto kimi = desk.ask("kimi", {"kimi", "", ""});
  PermitLimits three = limits(3, 1, 0, 0);
  Desk wide(three);
  auto one = wide.ask("1", {"kimi", "", ""});
  auto two = wide.ask("2", {"kimi", "", ""});
  auto newcomer = wide.ask("3", {});
  CHECK(newcomer.permit.is_held());
  CHECK_FALSE(newcomer.full.has_value());
  CHECK(wide.granted.empty());
}

TEST_CASE("the line has an end") {
  PermitLimits few = limits(1, 0, 0, 0);
  few.waiting = 1;
  Desk desk(few);
  auto first = desk.ask("1", {});
  auto second = desk.ask("2", {});
  const auto third = desk.ask("3", {});
  CHECK(third.queue_is_full);
  CHECK(third.full == Full{Pool::global, "", 1});
  CHECK_FALSE(third.permit.is_waiting());
}

TEST_CASE("a leak is a permit whose owner is gone, and only that") {
  Desk desk(limits(2, 0, 0, 0));
  auto busy = desk.ask("busy", {"", "a", ""});
  auto lost = desk.ask("lost", {"", "b", ""});
  auto waiting = desk.ask("waiting", {"", "c", ""});
  const auto exists = [](const Owner& owner) { return owner.request == "busy"; };
  CHECK(desk.permits.leaked(exists) == std::vector<Owner>{{"b", "lost"}});
  desk.permits.reclaim({"b", "lost"});
  CHECK(desk.granted == Names{"waiting"});
  lost.permit.release();  // it turned up after all: nothing is released twice
  CHECK(desk.permits.in_use(Pool::global) == 2);
}

TEST_CASE("whatever happens in whatever order, no limit is exceeded and nothing is left over") {
  std::mt19937 random(GENERATE(1U, 2U, 3U, 4U, 5U));
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  Desk desk(limits(5, 2, 3, 1));
  std::vector<Permit> all;
  for (int step = 0; step < 20'000; ++step) {
    if (all.size() < 40 && pick(2) == 0) {
      Demand demand{pick(2) ? "kimi" : "", std::string(1, static_cast<char>('a' + pick(3))),
                    pick(2) ? std::string(1, static_cast<char>('x' + pick(3))) : ""};
      auto answer = desk.ask("r", demand, pick(4) ? kWait : kRefuse);
      all.push_back(std::move(answer.permit));
    } else if (!all.empty()) {
      std::swap(all[pick(static_cast<unsigned>(all.size()))], all.back());
      all.pop_back();
    }
    const Permits& permits = desk.permits;
    REQUIRE(permits.in_use(Pool::global) <= 5);
    REQUIRE(permits.in_use(Pool::provider, "kimi") <= 2);
    REQUIRE(permits.in_use(Pool::session, "a") <= 3);
    REQUIRE(permits.in_use(Pool::conversation, "x") <= 1);
    REQUIRE(permits.in_use(Pool::global) == permits.held());
    REQUIRE((permits.waiting() == 0 || permits.held() > 0));  // somebody is in their way
  }
  all.clear();
  CHECK(desk.permits.held() == 0);
  CHECK(desk.permits.waiting() == 0);
}
