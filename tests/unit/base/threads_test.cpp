#include "core/base/threads.hpp"

#include <pthread.h>
#include <signal.h>

#include <array>
#include <future>

using namespace exai;

TEST_CASE("work in parallel is done once for each number, all of it when it returns") {
  const auto count = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{32},
                              std::size_t{33}, std::size_t{1000});
  std::vector<int> done(count, 0);
  in_parallel(count, [&](std::size_t i) { ++done[i]; });
  CHECK(done == std::vector<int>(count, 1));
}

TEST_CASE("a thread beside the loop's blocks every signal and has a name") {
  sigset_t blocked;
  std::array<char, 16> name{};
  std::promise<void> named;
  std::thread thread = start_thread("a name that is too long", [&] {
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    named.get_future().wait();  // a thread that has ended has no name
  });
  pthread_getname_np(thread.native_handle(), name.data(), name.size());
  named.set_value();
  thread.join();
  CHECK(sigismember(&blocked, SIGTERM) == 1);
  CHECK(sigismember(&blocked, SIGCHLD) == 1);
  CHECK(std::string_view(name.data()) == "a name that is ");
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  CHECK(sigismember(&ours, SIGTERM) == 0);
}
