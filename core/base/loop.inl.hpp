#pragma once
// The bodies of loop.hpp's templates.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
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
  explicit Mailbox(const asio::any_io_executor& executor) : arrival(executor, Time::max()) {}
  std::optional<T> value;
  std::exception_ptr failure;
  asio::steady_timer arrival;
};

// What became of a task: `||` waits for the other one when one throws, which would be the alarm.
template <class T>
struct Caught {
  std::optional<Result<T>> result;
  std::exception_ptr failure;
};

template <class T>
Task<Caught<T>> catching(Task<Result<T>> task) {
  Caught<T> caught;
  try {
    Result<T> result = co_await std::move(task);
    caught.result.emplace(std::move(result));
  } catch (...) {
    caught.failure = std::current_exception();
  }
  co_return caught;
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
  Task<> alarm = clock.sleep_for(limit);
  Task<detail::Caught<T>> guarded = detail::catching(std::move(task));
  std::optional<std::variant<detail::Caught<T>, std::monostate>> first;
  try {
    first = co_await (std::move(guarded) || std::move(alarm));
  } catch (const asio::multiple_exceptions& failure) {
    detail::rethrow_first(failure);
  }
  if (auto* caught = std::get_if<0>(&*first)) {
    if (caught->failure) std::rethrow_exception(caught->failure);
    co_return std::move(*caught->result);
  }
  co_return fail(Errc::timeout, "no answer within {}", format_duration(limit));
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
  const auto token = asio::as_tuple(asio::use_awaitable);
  auto woken = co_await mailbox->arrival.async_wait(token);
  if (mailbox->failure) std::rethrow_exception(mailbox->failure);
  // Woken without a value: the waiting coroutine was cancelled; the work goes on and is forgotten.
  if (!mailbox->value) throw boost::system::system_error(std::get<0>(woken));
  co_return *std::move(mailbox->value);
}

}  // namespace exai
