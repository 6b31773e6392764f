#pragma once
// What is asked for in one turn of the loop is done at its end, all of it at once: one reading of
// /proc for all who want to know, one waking of a thread, or of a client, for all that goes to it.
//
//   turn:  ask, ask, ask …      whatever was ready when the turn began
//   end:   work(all of it)      once; who asks from here on is of the next turn
//
// An answer comes within the turn after the one of asking, and waiting for it cannot be cancelled.
// Thread: loop. Lifetime: it outlives all who wait, and the Loop outlives it.

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/loop.hpp"

namespace exai {

// `Signature` is what the one who asks is told: void(Answer), or void().
template <class Signature, class Asked = std::monostate>
class EndOfTurn {
 public:
  struct Request {
    Asked asked;
    asio::any_completion_handler<Signature> answer;  // once, on the loop
  };
  using Requests = std::vector<Request>;  // in the order of asking
  using Work = std::function<void(Requests)>;

  EndOfTurn(Loop& loop, Work work) : loop_(loop), work_(std::move(work)) {}
  EndOfTurn(const EndOfTurn&) = delete;
  EndOfTurn& operator=(const EndOfTurn&) = delete;

  template <class Token>
  auto async_ask(Asked asked, Token&& token) {
    return asio::async_initiate<Token, Signature>(
        [this](auto handler, Asked what) {
          add({std::move(what), std::move(handler)});
        },
        token, std::move(asked));
  }
  template <class Token>
  auto async_wait(Token&& token) {
    return async_ask(Asked(), std::forward<Token>(token));
  }

 private:
  void add(Request request) {
    requests_.push_back(std::move(request));
    if (requests_.size() == 1)
      asio::post(loop_.context(), [this] { work_(std::exchange(requests_, {})); });
  }

  Loop& loop_;
  Work work_;
  Requests requests_;
};

}  // namespace exai
