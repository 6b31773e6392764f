// What waits for the end of a turn, on a loop of its own.
#include "core/base/end_of_turn.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/base/loop.hpp"

using namespace exai;

namespace {

using Replies = EndOfTurn<void()>;

void tell_all(Replies::Requests replies) {
  for (Replies::Request& reply : replies) std::move(reply.answer)();
}

}  // namespace

TEST_CASE("all that is ready has its turn before the first reply leaves, in the order of asking") {
  Loop loop;
  Replies end(loop, tell_all);
  std::string order;
  const auto call = [&](char name, char reply) {
    loop.post([&order, &end, name, reply] {
      order += name;
      end.async_wait([&order, reply] { order += reply; });
    });
  };
  call('a', '1');
  call('b', '2');
  loop.post([&] { order += 'c'; });
  loop.run();
  CHECK(order == "abc12");
}

TEST_CASE("a reply that asks again at the end of a turn waits for the end of the next") {
  Loop loop;
  Replies end(loop, tell_all);
  std::string order;
  loop.post([&] {
    end.async_wait([&] {
      order += '1';
      loop.post([&] { order += 'b'; });
      end.async_wait([&] { order += '3'; });
    });
    end.async_wait([&] { order += '2'; });
    order += 'a';
  });
  loop.run();
  CHECK(order == "a12b3");
}

TEST_CASE("coroutines wait for the end of a turn, also on the way to being cancelled") {
  Loop loop;
  Replies end(loop, tell_all);
  TaskGroup tasks(loop, Log());
  std::string order;
  const auto reply = [](Replies& turn, std::string& told) -> Task<> {
    co_await turn.async_wait(kAwait);
    told += 'r';
  };
  tasks.spawn("a reply", reply(end, order));
  loop.post([&] {
    tasks.cancel();
    order += 'c';
  });
  loop.run();
  CHECK(order == "cr");
  CHECK(tasks.running() == 0);
}

TEST_CASE("what is asked for in one turn is worked on once, and each hears of its own") {
  using Lengths = EndOfTurn<void(std::size_t), std::string>;
  Loop loop;
  std::vector<std::size_t> sizes;  // of each piece of work
  Lengths lengths(loop, [&](Lengths::Requests requests) {
    sizes.push_back(requests.size());
    for (auto& request : requests) std::move(request.answer)(request.asked.size());
  });
  std::string told;
  const auto ask = [](Lengths& turn, std::vector<std::string> words, std::string& out) -> Task<> {
    for (const std::string& word : words) {
      const std::size_t length = co_await turn.async_ask(word, kAwait);
      out += word + std::to_string(length) + " ";
    }
  };
  TaskGroup tasks(loop, Log());
  tasks.spawn("one and none", ask(lengths, {"one", ""}, told));
  tasks.spawn("three", ask(lengths, {"three"}, told));
  loop.run();
  CHECK(told == "one3 three5 0 ");
  CHECK(sizes == std::vector<std::size_t>{2, 1});
}
