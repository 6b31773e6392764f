// What waits for the end of a turn, on a loop of its own.
#include "daemon/net/end_of_turn.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/base/loop.hpp"

using namespace exai;

TEST_CASE("all that is ready has its turn before the first reply leaves, in the order of asking") {
  Loop loop;
  net::EndOfTurn end(loop.executor());
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
  net::EndOfTurn end(loop.executor());
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
  net::EndOfTurn end(loop.executor());
  TaskGroup tasks(loop, Log());
  std::string order;
  const auto reply = [](net::EndOfTurn& turn, std::string& told) -> Task<> {
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
