#include "core/base/loop.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "core/base/threads.hpp"

namespace exai {

namespace {

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (const asio::multiple_exceptions& several) {
    return is_cancellation(several.first_exception());
  } catch (...) {
    return false;
  }
}

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace

namespace detail {

void rethrow_first(const asio::multiple_exceptions& failure) {
  std::rethrow_exception(failure.first_exception());
}

}  // namespace detail

void Loop::post(std::function<void()> work) { asio::post(context_, std::move(work)); }

// --- clocks ---

Task<> SystemClock::sleep_until(Time when) {
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer(executor, when);
  co_await timer.async_wait(kAwait);
}

Task<> FakeClock::sleep_until(Time when) {
  if (when <= now_) co_return;
  auto timer = std::make_shared<Timer>(loop_.executor(), Time::max());
  sleepers_.emplace(when, timer);
  co_await timer->async_wait(kAsTuple);
  if (now_ >= when) co_return;
  // Woken early: cancelled. advance() has not taken this sleeper off the list.
  std::erase_if(sleepers_, [&](const auto& sleeper) { return sleeper.second == timer; });
  throw boost::system::system_error(asio::error::operation_aborted);
}

void FakeClock::advance(Duration duration) {
  const Time end = now_ + duration;
  const auto run_ready = [&] {
    loop_.context().restart();
    loop_.context().poll();
  };
  run_ready();
  while (!sleepers_.empty() && sleepers_.begin()->first <= end) {
    now_ = std::max(now_, sleepers_.begin()->first);
    const auto timer = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    timer->cancel();
    run_ready();
  }
  now_ = end;
  run_ready();
}

// --- task group ---

struct TaskGroup::Entry {
  std::string name;
  asio::cancellation_signal cancellation;
  std::list<std::shared_ptr<Entry>>::iterator place;
};

TaskGroup::~TaskGroup() { EXAI_ASSERT(entries_.empty()); }

TaskGroup::Handle TaskGroup::spawn(std::string name, Task<> task) {
  auto entry = std::make_shared<Entry>();
  entry->name = std::move(name);
  entry->place = entries_.insert(entries_.end(), entry);
  auto ended = [this, entry](const std::exception_ptr& failure) {
    if (failure && !is_cancellation(failure))
      log_.error("a task failed", {{"task", entry->name}, {"error", text_of(failure)}});
    entries_.erase(entry->place);
    if (entries_.empty())
      for (const auto& joiner : joiners_) joiner->cancel();
  };
  asio::co_spawn(loop_.context(), std::move(task),
                 asio::bind_cancellation_slot(entry->cancellation.slot(), std::move(ended)));
  Handle handle;
  handle.entry_ = entry;
  return handle;
}

void TaskGroup::cancel(const Handle& task) {
  if (const auto entry = task.entry_.lock())
    entry->cancellation.emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel() {
  const auto running = entries_;  // a task that ends takes itself off the list
  for (const auto& entry : running) entry->cancellation.emit(asio::cancellation_type::terminal);
}

Task<> TaskGroup::join() {
  while (!entries_.empty()) {
    auto timer = std::make_shared<Timer>(loop_.executor(), Time::max());
    joiners_.push_back(timer);
    auto woken = co_await timer->async_wait(kAsTuple);
    std::erase(joiners_, timer);
    if (!entries_.empty()) throw boost::system::system_error(std::get<0>(woken));
  }
}

// --- descriptors and signals ---

Task<Result<>> wait_readable(const Fd& fd) {
  // A duplicate, so that several may wait on one descriptor, and Asio may close what it was given.
  const int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) co_return fail(errno_error(errno, "waiting for a descriptor"));
  const Executor executor = co_await asio::this_coro::executor;
  Descriptor descriptor(executor, copy);
  const auto readable = Descriptor::wait_read;
  auto done = co_await descriptor.async_wait(readable, kAsTuple);
  const boost::system::error_code error = std::get<0>(done);
  if (error) co_return fail(errno_error(error.value(), "waiting for a descriptor"));
  co_return Result<>{};
}

struct Signals::State {
  explicit State(asio::io_context& context) : set(context) {}
  asio::basic_signal_set<Executor> set;
};

Signals::Signals(Loop& loop, std::vector<int> numbers)
    : state_(std::make_unique<State>(loop.context())) {
  for (const int number : numbers) state_->set.add(number);
}

Signals::~Signals() = default;

Task<Result<int>> Signals::next() {
  auto received = co_await state_->set.async_wait(kAsTuple);
  const boost::system::error_code error = std::get<0>(received);
  if (error) co_return fail(errno_error(error.value(), "waiting for a signal"));
  co_return std::get<1>(received);
}

// --- island ---

struct Island::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  bool stopping = false;
  std::thread thread;

  void work() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopping || !jobs.empty(); });
        if (stopping) return;
        job = std::move(jobs.front());
        jobs.pop_front();
      }
      job();
    }
  }
};

Island::Island(Loop& loop, std::string name) : loop_(loop), state_(std::make_unique<State>()) {
  state_->thread = start_thread(name, [state = state_.get()] { state->work(); });
}

Island::~Island() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_one();
  state_->thread.join();
}

void Island::submit(std::function<void()> work) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->jobs.push_back(std::move(work));
  }
  state_->changed.notify_one();
}

}  // namespace exai
