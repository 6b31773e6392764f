#pragma once
// What a client of each class says and hears, as bytes: no sockets, no time.
//
//   exai        the EXAI protocol on a WebSocket        stateless   MCP 2026-07-28 over HTTP
//   websocket   MCP 2025-11-25 on a WebSocket           http        MCP 2025-11-25 over HTTP
//
// A client is open when all of opening() is said and answered; then it calls test_echo, one call at
// a time, and judges what it hears by content.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exai::load {

enum class Kind { exai, websocket, http, stateless };
inline constexpr std::array kKinds = {Kind::exai, Kind::websocket, Kind::http, Kind::stateless};
std::string_view name(Kind kind);

struct Call {
  std::uint64_t number = 0;  // the id; unique on its connection
  std::string message;       // what must come back
  int delay_ms = 0;
  bool as_stream = false;  // over HTTP: answered by events
};

// A whole message of the server.
struct Heard {
  enum class What { message, ping, closed };
  What what = What::message;
  int status = 0;                  // of HTTP, the upgrade among it; 0: a frame
  std::vector<std::string> texts;  // JSON: one, or those of events; of a ping: its payload
};

enum class Verdict { answer, progress, wrong };

class Wire {
 public:
  explicit Wire(Kind kind) : kind_(kind) {}

  // What is said at that step of the way in; empty: it is open.
  std::string opening(std::size_t step) const;
  bool opening_is_answered(std::size_t step) const;
  // Whether that is the answer; learns the session's id from it.
  bool is_welcome(std::size_t step, const Heard& heard) const;

  std::string call(const Call& call) const;
  std::string listen() const;  // the session's own stream of events; empty: there is none
  std::string pong(const Heard& ping) const;
  std::string farewell() const;  // answered, or the server closes; empty: it just goes
  bool is_socket() const { return kind_ == Kind::exai || kind_ == Kind::websocket; }

  void feed(std::string_view bytes) { in_.append(bytes); }
  std::optional<Heard> next();  // nothing: not all of it has come

  // Of one text while that call is in flight.
  Verdict judge(const Call& call, std::string_view text) const;

 private:
  std::optional<Heard> next_response();
  std::optional<Heard> next_frame();
  std::string post(std::string_view body, std::string_view more_headers = {}) const;

  Kind kind_;
  std::string session_;
  std::string in_;
  bool upgraded_ = false;
};

}  // namespace exai::load
