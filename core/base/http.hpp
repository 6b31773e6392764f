#pragma once
// HTTP client over libcurl on its own island thread: TCP and unix sockets, whole bodies or streams.
// Results arrive on the loop. Connections are kept and reused; nothing is retried here.
//
// Errors: invalid (bad URL), unavailable (refused, reset, unknown host), timeout, internal.
// A status of 500 is an answer, not an error. Destroying a stream (or cancelling the waiter) ends
// its transfer. Lifetime: the Loop outlives the client, the client its streams.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/loop.hpp"
#include "core/base/time.hpp"

namespace exai {

using HeaderMap = std::map<std::string, std::string, std::less<>>;  // names in lower case

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HeaderMap headers;
  std::string body;
  std::string unix_socket;        // a path: the connection goes there, the URL only names the host
  Duration connect_timeout = 5s;
  Duration timeout = 30s;         // of the whole transfer; for a stream, of each silence within it
  std::size_t max_body = 32U << 20U;
};

struct HttpResponse {
  int status = 0;
  HeaderMap headers;
  std::string body;
};

class HttpClient;

// A response whose body arrives in pieces.
class HttpStream {
 public:
  HttpStream(HttpStream&&) noexcept;
  HttpStream& operator=(HttpStream&&) noexcept;
  ~HttpStream();

  int status() const;
  const HeaderMap& headers() const;
  // The next piece, in the order received; nothing at the end of the body.
  Task<Result<std::optional<std::string>>> next();

 private:
  friend class HttpClient;
  struct Transfer;
  explicit HttpStream(std::shared_ptr<Transfer> transfer);
  std::shared_ptr<Transfer> transfer_;
};

class HttpClient {
 public:
  explicit HttpClient(Loop& loop);
  ~HttpClient();  // ends all transfers, joins the island
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Task<Result<HttpResponse>> send(HttpRequest request);
  Task<Result<HttpStream>> open(HttpRequest request);  // resumes when the head has arrived

 private:
  struct Island;
  Loop& loop_;
  std::unique_ptr<Island> island_;
};

// Server-sent events, as the HTML standard frames them: feed bytes in any cut, take whole events.
struct SseEvent {
  std::string event;  // empty: "message"
  std::string data;   // lines joined by \n
  std::string id;
};

class SseParser {
 public:
  void feed(std::string_view bytes);
  std::optional<SseEvent> next();

 private:
  std::string buffer_;
  SseEvent pending_;
  bool has_data_ = false;
};

}  // namespace exai
