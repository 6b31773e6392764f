#include "core/base/threads.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <mutex>
#include <set>

#include "core/base/time.hpp"

using namespace exai;

TEST_CASE("work in parallel is done once for each number, all of it when it returns") {
  const auto count = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{32},
                              std::size_t{33}, std::size_t{1000});
  std::vector<int> done(count, 0);
  in_parallel(count, [&](std::size_t i) { ++done[i]; });
  CHECK(done == std::vector<int>(count, 1));
}

TEST_CASE("work in parallel is done on a second processor where there is one") {
  cpu_set_t ours;
  REQUIRE(::sched_getaffinity(0, sizeof ours, &ours) == 0);
  const std::size_t processors = CPU_COUNT(&ours) > 1 ? 2 : 1;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto both = [&] {
    const std::scoped_lock lock(mutex);
    threads.insert(std::this_thread::get_id());
    return threads.size() == processors;
  };
  // Nobody goes on before both are there, however busy the machine is.
  const Time give_up = std::chrono::steady_clock::now() + 10s;
  in_parallel(32, [&](std::size_t) {
    while (!both() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  });
  CHECK(threads.size() == processors);
}

TEST_CASE("a thread beside the loop's blocks every signal and has a name") {
  sigset_t blocked;
  std::array<char, 16> name{};
  start_thread("a name that is too long", [&] {
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    pthread_getname_np(pthread_self(), name.data(), name.size());
  }).join();
  CHECK(sigismember(&blocked, SIGTERM) == 1);
  CHECK(sigismember(&blocked, SIGCHLD) == 1);
  CHECK(std::string_view(name.data()) == "a name that is ");
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  CHECK(sigismember(&ours, SIGTERM) == 0);
}
