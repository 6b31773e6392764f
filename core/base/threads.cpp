#include "core/base/threads.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

namespace exai {

namespace {

constexpr std::size_t kPiece = 4;     // taken at once: nobody waits long for the last one
constexpr std::size_t kWorthIt = 32;  // fewer are done before a thread has started

// Work in pieces, for who comes first. A thread that comes too late finds nothing of it, and nobody
// has waited for it.
struct Pieces {
  Pieces(std::size_t all, const std::function<void(std::size_t)>& each)
      : work(each), count(all), left(static_cast<std::uint32_t>(all)) {}
  const std::function<void(std::size_t)>& work;  // there until nothing is left
  const std::size_t count;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::uint32_t> left;  // not done yet; 32 bits are what the kernel can wait for
};

void take(Pieces& pieces) {
  for (;;) {
    const std::size_t begin = pieces.next.fetch_add(kPiece);
    if (begin >= pieces.count) return;
    const std::size_t end = std::min(begin + kPiece, pieces.count);
    for (std::size_t i = begin; i < end; ++i) pieces.work(i);
    const auto done = static_cast<std::uint32_t>(end - begin);
    if (pieces.left.fetch_sub(done) == done) pieces.left.notify_all();
  }
}

// Those we may use, without the one we are on: a scheduler may leave a new thread waiting behind
// its busy maker while another processor is idle (on a virtual machine that packs its work: 2.9 ms,
// and 0.07 ms sent away). Nothing: there is no other.
std::optional<cpu_set_t> other_processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return std::nullopt;
  if (const int own = ::sched_getcpu(); own >= 0) CPU_CLR(static_cast<unsigned>(own), &set);
  if (CPU_COUNT(&set) == 0) return std::nullopt;
  return set;
}

void take_elsewhere(const std::shared_ptr<Pieces>& pieces) {
  const auto others = other_processors();
  if (!others) return;
  try {
    std::thread second = start_thread("parallel", [pieces] { take(*pieces); });
    pthread_setaffinity_np(second.native_handle(), sizeof *others, &*others);
    second.detach();
  } catch (const std::system_error&) {  // no room for a thread: it is done all the same
  }
}

}  // namespace

std::thread start_thread(std::string_view name, std::function<void()> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // a thread inherits the mask it is started under
  // It names itself: of another thread the name is written to a file of /proc.
  std::thread thread([name = std::string(name.substr(0, 15)), work = std::move(work)] {
    pthread_setname_np(pthread_self(), name.c_str());
    work();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  const auto pieces = std::make_shared<Pieces>(count, work);
  if (count >= kWorthIt) take_elsewhere(pieces);
  take(*pieces);
  for (std::uint32_t left = pieces->left; left != 0; left = pieces->left) pieces->left.wait(left);
}

}  // namespace exai
