#pragma once
// The bodies of loop.hpp's templates.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/loop.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace detail {

// A place where a coroutine waits for a value that somebody else puts there, on the loop.
template <class T>
struct Mailbox {
  explicit Mailbox(const Executor& executor) : arrival(executor, Time::max()) {}
  std::optional<T> value;
  std::exception_ptr failure;
  Timer arrival;
};

// A task under a limit. It is started before anybody waits for it: most end at once, and then no
// alarm is set and none has to be cancelled, which is an exception each time.
template <class T>
struct Limited {
  asio::cancellation_signal stop;
  std::optional<Result<T>> result;
  std::exception_ptr failure;
  bool ended = false;
  std::optional<Timer> end;  // cancelled by the end, if somebody waits for it
};

template <class T>
Task<> run_limited(std::shared_ptr<Limited<T>> work, Task<Result<T>> task) {
  try {
    Result<T> result = co_await std::move(task);
    work->result.emplace(std::move(result));
  } catch (...) {
    work->failure = std::current_exception();
  }
  work->ended = true;
  if (work->end) work->end->cancel();
}

template <class T>
void start(const Executor& executor, const std::shared_ptr<Limited<T>>& work,
           Task<Result<T>> task) {
  auto nothing_more = [work](const std::exception_ptr&) {};  // it comes a turn of the loop later
  asio::co_spawn(executor, run_limited(work, std::move(task)),
                 asio::bind_cancellation_slot(work->stop.slot(), std::move(nothing_more)));
}

// Until the work has ended, whatever happens: cancelled, it cancels the work and goes on waiting.
template <class T>
Task<> wait_ended(std::shared_ptr<Limited<T>> work) {
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::this_coro::throw_if_cancelled(false);
  if (work->ended) co_return;
  work->end.emplace(executor, Time::max());
  co_await work->end->async_wait(kAsTuple);
  if (work->ended) co_return;
  work->stop.emit(asio::cancellation_type::terminal);
  const auto nothing = asio::disable_cancellation();
  co_await asio::this_coro::reset_cancellation_state(nothing);
  while (!work->ended) {
    co_await work->end->async_wait(kAsTuple);
  }
}

// Cancellation through `||` arrives wrapped; unwrap it so that callers see one kind.
[[noreturn]] void rethrow_first(const asio::multiple_exceptions& failure);

}  // namespace detail

template <class T>
T Loop::run_until_done(Task<T> task) {
  context_.restart();  // an earlier task may have run the loop dry
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error) { failure = error; });
    run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result.emplace(std::move(value));
    });
    run();
    if (failure) std::rethrow_exception(failure);
    EXAI_ASSERT(result.has_value());
    return *std::move(result);
  }
}

template <class T>
Task<Result<T>> with_timeout(Clock& clock, Task<Result<T>> task, Duration limit) {
  using namespace asio::experimental::awaitable_operators;
  const Executor executor = co_await asio::this_coro::executor;
  const auto work = std::make_shared<detail::Limited<T>>();
  detail::start(executor, work, std::move(task));
  bool in_time = true;
  if (!work->ended) {
    const auto state = co_await asio::this_coro::cancellation_state;
    // By the work itself, before it first waited: it does not hear of that by the wait for its end.
    if (state.cancelled() != asio::cancellation_type::none)
      work->stop.emit(asio::cancellation_type::terminal);
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    Task<> ended = detail::wait_ended(work);
    Task<> alarm = clock.sleep_for(limit);
    try {
      const auto first = co_await (std::move(ended) || std::move(alarm));
      in_time = first.index() == 0;
    } catch (const asio::multiple_exceptions& failure) {
      detail::rethrow_first(failure);
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
  }
  if (!in_time) co_return fail(Errc::timeout, "no answer within {}", format_duration(limit));
  if (work->failure) std::rethrow_exception(work->failure);
  co_return *std::move(work->result);
}

template <class T>
Task<T> Island::run(std::function<T()> work) {
  auto mailbox = std::make_shared<detail::Mailbox<T>>(loop_.executor());
  std::function<void()> job = [mailbox, work = std::move(work), &loop = loop_] {
    auto value = std::make_shared<std::optional<T>>();
    std::exception_ptr failure;
    try {
      value->emplace(work());
    } catch (...) {
      failure = std::current_exception();
    }
    loop.post([mailbox, value, failure] {
      mailbox->value = std::move(*value);
      mailbox->failure = failure;
      mailbox->arrival.cancel();
    });
  };
  submit(std::move(job));
  auto woken = co_await mailbox->arrival.async_wait(kAsTuple);
  if (mailbox->failure) std::rethrow_exception(mailbox->failure);
  // Woken without a value: the waiting coroutine was cancelled; the work goes on and is forgotten.
  if (!mailbox->value) throw boost::system::system_error(std::get<0>(woken));
  co_return *std::move(mailbox->value);
}

}  // namespace exai
