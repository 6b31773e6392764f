#pragma once
// Replies leave together. What became readable in one turn of the loop is answered at its end, so a
// client that sleeps until a reply comes is woken once for all of them: to wake it takes as long as
// a small call. Without this, exaid wakes it for each as soon as it is the slower of the two.
//
//   turn:  read, read, read …      calls that end at once have their replies here
//   end:   write, write, write …
//
// What is waited for comes in the order of asking, within the turn after this one. Waiting cannot
// be cancelled. Thread: loop. It outlives all who wait.

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "core/base/loop.hpp"

namespace exai::net {

class EndOfTurn {
 public:
  explicit EndOfTurn(const Executor& executor) : executor_(executor) {}
  EndOfTurn(const EndOfTurn&) = delete;
  EndOfTurn& operator=(const EndOfTurn&) = delete;

  template <class Token>
  auto async_wait(Token&& token) {
    return asio::async_initiate<Token, void()>([this](auto handler) { add(std::move(handler)); },
                                               token);
  }

 private:
  using Handler = asio::any_completion_handler<void()>;

  void add(Handler handler) {
    waiting_.push_back(std::move(handler));
    if (waiting_.size() == 1) asio::post(executor_, [this] { end(); });
  }

  void end() {
    std::vector<Handler> now;
    now.swap(waiting_);
    for (Handler& handler : now) std::move(handler)();
  }

  Executor executor_;
  std::vector<Handler> waiting_;
};

}  // namespace exai::net
