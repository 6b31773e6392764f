#pragma once
// A client of the EXAI protocol that blocks, over hand-made frames.

#include <string>

#include "core/base/json.hpp"
#include "tests/integration/net_client.hpp"

namespace exai::test {

class ExaiClient {
 public:
  // Says hello when there is one to say.
  explicit ExaiClient(std::uint16_t port, std::string_view hello = R"({"op":"hello"})")
      : socket_(port, "", "/") {
    if (hello.empty()) return;
    send(hello);
    greeting = next();
  }

  void send(std::string_view frame) { socket_.text(frame); }
  void call(std::string_view id, std::string_view tool, const json::object& arguments = {}) {
    send(to_text(json::object{
        {"op", "call_tool"}, {"request_id", id}, {"name", tool}, {"arguments", arguments}}));
  }
  json::object next() { return parse_json_object(socket_.message()).value(); }
  // The next frame of that op; those before it are passed over.
  json::object next(std::string_view op) {
    for (;;) {
      json::object frame = next();
      if (find_string(frame, "op") == op) return frame;
    }
  }
  json::object result() { return next("call_tool_res"); }
  // Of the close frame, which comes next but for texts.
  int close_code() {
    for (;;) {
      const Frame frame = socket_.next();
      if (frame.opcode == 8) return frame.close_code();
    }
  }
  WebSocketClient& socket() { return socket_; }

  json::object greeting;

 private:
  WebSocketClient socket_;
};

inline std::string text_of(const json::object& frame, std::string_view member) {
  return find_string(frame, member).value_or("");
}

// The code of a frame's error; empty: it has none.
inline std::string error_of(const json::object& frame) {
  const json::object* error = find_object(frame, "error");
  return error ? text_of(*error, "code") : "";
}

}  // namespace exai::test
