#pragma once
// The handler behind the tests of the transports.

#include <atomic>
#include <memory>
#include <string>

#include "daemon/net/transport.hpp"

namespace exai::test {

inline std::atomic<bool> gate_open = false;
inline std::atomic<int> waiting = 0;
inline std::atomic<int> gone = 0;

// /echo    the body                       /stream  "one", then at the open gate "two"
// /gate    answers when the gate is open  /gone    counts when the client has left
// WebSocket: "flood" is answered by 1000 messages of 10 kB, all else by itself
class TestHandler final : public net::Handler {
 public:
  explicit TestHandler(Clock& clock) : clock_(clock) {}

  Task<std::optional<net::Response>> handle(net::Request request,
                                            net::BodyWriter& writer) override {
    net::Response response;
    if (request.path == "/stream") {
      co_return co_await stream(writer);
    }
    if (request.path == "/gone") {
      ++waiting;
      co_await writer.wait_gone();
      ++gone;
    }
    if (request.path == "/gate") {
      co_await pass_gate();
    }
    if (request.path == "/nothing") co_return std::nullopt;
    response.body = std::move(request.body);
    if (request.path == "/large") response.body.assign(8U << 20U, 'x');
    co_return response;
  }

  tl::expected<std::string, net::Response> accept_websocket(net::Request& request) override {
    if (request.path == "/ws") return std::string("mcp");
    return tl::unexpected(net::Response{400, {}, "not here"});
  }

  Task<> serve(net::WebSocket& socket) override {
    for (;;) {
      auto text = co_await socket.receive();
      if (!text) co_return;
      const bool flood = *text == "flood";
      for (int i = 0; flood && i < 1000; ++i) socket.send(std::string(10'000, 'x'));
      if (!flood) socket.send(*std::move(text));
    }
  }

 private:
  Task<> pass_gate() {
    ++waiting;
    while (!gate_open) {
      co_await clock_.sleep_for(2ms);
    }
    --waiting;
  }

  Task<std::optional<net::Response>> stream(net::BodyWriter& writer) {
    net::Response head{200, {{"content-type", "text/plain"}}, ""};
    co_await writer.start(std::move(head));
    std::string one = "one";
    co_await writer.write(std::move(one));
    co_await pass_gate();
    std::string two = "two";
    co_await writer.write(std::move(two));
    co_await writer.finish();
    co_return std::nullopt;
  }

  Clock& clock_;
};

inline std::unique_ptr<net::Handler> test_handler(Loop&, Clock& clock) {
  gate_open = false;
  waiting = 0;
  gone = 0;
  return std::make_unique<TestHandler>(clock);
}

inline net::ListenOptions limits(std::size_t max_body = 1000) {
  net::ListenOptions options;
  options.max_body = max_body;
  return options;
}

}  // namespace exai::test
