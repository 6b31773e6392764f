#include "core/base/threads.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <system_error>

namespace exai {

namespace {

constexpr std::size_t kPiece = 4;     // taken at once: nobody waits long for the last one
constexpr std::size_t kWorthIt = 32;  // fewer are done before a thread has started

}  // namespace

std::thread start_thread(std::string_view name, std::function<void()> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // a thread inherits the mask it is started under
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), std::string(name.substr(0, 15)).c_str());
  return thread;
}

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto take_pieces = [&] {
    for (;;) {
      const std::size_t begin = next.fetch_add(kPiece);
      if (begin >= count) return;
      for (std::size_t i = begin; i < std::min(begin + kPiece, count); ++i) work(i);
    }
  };
  if (count < kWorthIt || std::thread::hardware_concurrency() < 2) return take_pieces();
  std::thread second;
  try {
    second = start_thread("parallel", take_pieces);
  } catch (const std::system_error&) {  // no room for a thread: it is done all the same
  }
  take_pieces();
  if (second.joinable()) second.join();
}

}  // namespace exai
