#pragma once
// HTTP/1.x messages as bytes: requests read, response heads written. No sockets here; Beast's
// parser is behind http_message.cpp.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

inline constexpr std::size_t kHeadLimit = 16U << 10U;

// Reads requests out of a byte stream, one after another.
// Errors are the status to answer with; the stream cannot be read on after one: 400, 413, 431, 505.
class RequestReader {
 public:
  explicit RequestReader(std::size_t max_body);
  ~RequestReader();

  void next();  // forgets what was read and begins with the next request
  // Returns: how many bytes it took. What it left must be shown again, with more behind it.
  tl::expected<std::size_t, int> feed(std::string_view bytes);

  bool has_head() const;
  bool is_complete() const;
  // Once the head is read:
  bool keeps_alive() const;
  bool is_websocket_upgrade() const;
  bool expects_continue() const;  // the client holds its body back until it hears 100
  bool is_head() const;           // HEAD; request() says GET
  bool can_chunk() const;         // HTTP/1.1
  Request& request();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The value of a Date header, made once a second.
class DateText {
 public:
  std::string_view at(WallTime now);

 private:
  std::chrono::sys_seconds second_{};
  std::string text_;
};

enum class Persistence { keep_alive, close };
enum class Framing { length, chunked };

// The head of a response, with the empty line that ends it.
std::string head_text(const Response& response, Framing framing, Persistence persistence,
                      std::string_view date);

// "%2F" → "/". Nothing for a broken escape or a zero byte.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace exai::net
