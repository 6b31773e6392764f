#include "core/base/watcher.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <unordered_map>

namespace exai {

// Its own epoll, which is itself one descriptor of the loop. Shared with the wait that is under
// way.
struct Watcher::State : std::enable_shared_from_this<State> {
  explicit State(asio::io_context& context) : epoll(context, ::epoll_create1(EPOLL_CLOEXEC)) {}

  void arm() {
    if (armed || callbacks.empty()) return;
    armed = true;
    epoll.async_wait(Descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->armed = false;
                       if (!error) self->dispatch();
                       self->arm();
                     });
  }

  void dispatch() {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(epoll.native_handle(), events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i) {
      // Each is looked up: an earlier callback may have forgotten this one.
      const auto found = callbacks.find(events[static_cast<std::size_t>(i)].data.fd);
      if (found == callbacks.end()) continue;
      const std::function<void()> ready = std::move(found->second);
      drop(found->first);
      ready();
    }
  }

  void drop(int fd) {
    ::epoll_ctl(epoll.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
    callbacks.erase(fd);
  }

  Descriptor epoll;
  std::unordered_map<int, std::function<void()>> callbacks;
  bool armed = false;
};

Watcher::Watcher(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}

Watcher::~Watcher() {
  state_->callbacks.clear();
  boost::system::error_code ignored;
  state_->epoll.cancel(ignored);
}

Result<> Watcher::watch(const Fd& fd, std::function<void()> ready) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd.get();
  if (::epoll_ctl(state_->epoll.native_handle(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
    return fail(errno_error(errno, "watching a descriptor"));
  state_->callbacks[fd.get()] = std::move(ready);
  state_->arm();
  return {};
}

void Watcher::forget(const Fd& fd) {
  if (!state_->callbacks.contains(fd.get())) return;
  state_->drop(fd.get());
  if (state_->callbacks.empty()) state_->epoll.cancel();
}

}  // namespace exai
