#pragma once
// The event loop and what makes coroutines safe on it. One thread per process runs a Loop and owns
// all state; islands (curl, blocking clients) own a thread and talk to it by post().
//
//   Clock        now() and sleeping; FakeClock moves by hand, so a day of back-off takes a test 1 ms
//   TaskGroup    the only way to start a coroutine: names it, logs its failure, cancels, joins
//   with_timeout bounds any wait on the outside
//   Island       runs blocking calls on its own thread
//
// Rules (style.md B.6): name a request on the line before the co_await; parameters by value.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/os.hpp"
#include "core/base/time.hpp"

namespace exai {

namespace asio = boost::asio;

// What we use of Asio has the loop's own executor: no virtual call stands between an operation and
// the loop, and each is as much smaller.
using Executor = asio::io_context::executor_type;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

// How a task waits for an operation of Asio's: it resumes with what came of it, or throws.
inline constexpr asio::use_awaitable_t<Executor> kAwait;
// The same, and never throws: the error code is the first of a tuple.
inline constexpr auto kAsTuple = asio::as_tuple(kAwait);

class Loop {
 public:
  Loop() : context_(1) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Until no work is left. Never stopped from outside: cancel the work instead.
  void run() { context_.run(); }
  // Runs one coroutine to its end and gives its result; for programs that do one thing.
  template <class T>
  T run_until_done(Task<T> task);

  Executor executor() { return context_.get_executor(); }
  asio::io_context& context() { return context_; }
  // Thread: any.
  void post(std::function<void()> work);

 private:
  asio::io_context context_;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual WallTime wall() const = 0;
  // Throws the cancellation when the waiting coroutine is cancelled.
  virtual Task<> sleep_until(Time when) = 0;
  Task<> sleep_for(Duration duration) { return sleep_until(now() + duration); }
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  Task<> sleep_until(Time when) override;
};

// Time stands still until advance(); then sleepers wake in order of their deadlines.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Loop& loop) : loop_(loop) {}
  Time now() const override { return now_; }
  WallTime wall() const override { return WallTime{} + now_.time_since_epoch(); }
  Task<> sleep_until(Time when) override;
  // Moves time in steps from one sleeper to the next, running the loop's ready work between them.
  void advance(Duration duration);

 private:
  Loop& loop_;
  Time now_{};
  std::multimap<Time, std::shared_ptr<Timer>> sleepers_;
};

// Owns the coroutines it starts. A coroutine that throws is logged with its name; cancellation is
// not a failure. Destroying a group that still runs is a bug: cancel() and join() first.
class TaskGroup {
  struct Entry;

 public:
  // Names one task, to cancel it alone. It may outlive the task.
  class Handle {
    friend class TaskGroup;
    std::weak_ptr<Entry> entry_;
  };

  TaskGroup(Loop& loop, Log log) : loop_(loop), log_(std::move(log)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  Handle spawn(std::string name, Task<> task);
  void cancel(const Handle& task);  // nothing happens when it has ended
  void cancel();                    // all that run now; those spawned later run
  Task<> join();  // until none is left
  std::size_t running() const { return entries_.size(); }

 private:
  Loop& loop_;
  Log log_;
  std::list<std::shared_ptr<Entry>> entries_;
  std::vector<std::shared_ptr<Timer>> joiners_;
};

// The task's result, or `timeout` ("no answer within 2s"). The loser is cancelled and has ended
// before this returns.
template <class T>
Task<Result<T>> with_timeout(Clock& clock, Task<Result<T>> task, Duration limit);

// Waits until the descriptor is readable. For pidfds, fifos and signal-like descriptors.
Task<Result<>> wait_readable(const Fd& fd);

// The next of the given signals. Register once per process, on the loop thread.
class Signals {
 public:
  Signals(Loop& loop, std::vector<int> numbers);
  ~Signals();
  Task<Result<int>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A thread for calls that block (hiredis, getaddrinfo, fsync). Work runs in order; run() resumes on
// the loop. Island threads block every signal. Destroying it waits for the call in progress; what
// has not begun is dropped.
class Island {
 public:
  Island(Loop& loop, std::string name);
  ~Island();
  Island(const Island&) = delete;
  Island& operator=(const Island&) = delete;

  // `work` runs on the island's thread and must have its own deadline; it may outlive a cancelled
  // waiter, so it owns what it touches.
  template <class T>
  Task<T> run(std::function<T()> work);
  // Nobody waits: `work` posts to the loop itself what is to be known there.
  void submit(std::function<void()> work);

 private:
  struct State;
  Loop& loop_;
  std::unique_ptr<State> state_;
};

}  // namespace exai

#include "core/base/loop.inl.hpp"  // the templates' bodies
