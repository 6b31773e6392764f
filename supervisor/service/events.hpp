#pragma once
// The last events of the stack, numbered, for those who follow it. Numbers go on over the life of a
// supervisor, so a follower who asks for what came after n never sees an event twice.
// Thread: loop.

#include <deque>
#include <memory>
#include <vector>

#include "core/base/loop.hpp"
#include "core/control/control.hpp"

namespace exai::service {

class EventRing {
 public:
  explicit EventRing(Loop& loop, std::size_t capacity = 1024)
      : loop_(loop), capacity_(capacity) {}

  void continue_after(std::uint64_t last) { last_ = last; }
  void append(control::Event event);  // numbers it
  std::uint64_t last() const { return last_; }

  control::EventPage page(std::uint64_t since) const;
  // The same, after waiting until there is one, or until `wait` has passed.
  Task<control::EventPage> next(std::uint64_t since, Duration wait);
  // Nobody waits any more: it is the end.
  void release();

 private:
  Loop& loop_;
  std::size_t capacity_;
  std::uint64_t last_ = 0;
  bool released_ = false;
  std::deque<control::Event> events_;
  std::vector<std::shared_ptr<Timer>> waiters_;
};

}  // namespace exai::service
