#pragma once
// A server on a loop of its own thread, for clients that block. The handler runs on that thread;
// what tests look at meanwhile is atomic.

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "core/base/loop.hpp"
#include "core/base/tls.hpp"
#include "daemon/net/transport.hpp"
#include "tests/support/support.hpp"

namespace exai::test {

class RunningServer {
 public:
  // `make_handler` gets the loop and the clock that the server has.
  using MakeHandler = std::function<std::unique_ptr<net::Handler>(Loop&, Clock&)>;
  // Runs before the server drains, on the loop: what has to be drained first.
  using BeforeDrain = std::function<Task<>()>;

  RunningServer(net::ListenOptions options, const MakeHandler& make_handler,
                BeforeDrain before_drain = {}, const std::optional<TlsFiles>& tls = {})
      : stop_(loop_.executor(), Time::max()),
        handler_(make_handler(loop_, clock_)),
        before_drain_(std::move(before_drain)) {
    if (tls) tls_ = TlsServer::open(loop_, clock_, Log(), *tls).value();
    options.tls = tls_.get();
    auto server = net::Server::listen(loop_, clock_, Log(), std::move(options), *handler_);
    if (!server) throw std::runtime_error(server.error().message());
    server_ = *std::move(server);
    thread_ = std::thread([this] { loop_.run_until_done(live()); });
  }
  ~RunningServer() {
    begin_drain(5s);
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::uint16_t port() const { return server_->port(); }
  void begin_drain(Duration limit) {
    loop_.post([this, limit] {
      if (draining_) return;
      draining_ = true;
      limit_ = limit;
      stop_.cancel();
    });
  }
  bool is_drained() const { return drained_; }
  // The value of `read`, taken on the loop.
  std::size_t on_loop(const std::function<std::size_t()>& read) {
    std::promise<std::size_t> value;
    loop_.post([&] { value.set_value(read()); });
    return value.get_future().get();
  }
  std::size_t connections() {
    return on_loop([this] { return server_->connections(); });
  }

 private:
  Task<> live() {
    while (!draining_) {
      co_await stop_.async_wait(kAsTuple);
    }
    if (before_drain_) {
      co_await before_drain_();
    }
    co_await server_->drain(limit_);
    tls_.reset();
    drained_ = true;
  }

  Loop loop_;
  SystemClock clock_;
  Timer stop_;
  std::unique_ptr<net::Handler> handler_;
  BeforeDrain before_drain_;
  std::unique_ptr<TlsServer> tls_;
  std::unique_ptr<net::Server> server_;
  Duration limit_{};
  bool draining_ = false;
  std::atomic<bool> drained_ = false;
  std::thread thread_;
};

}  // namespace exai::test
