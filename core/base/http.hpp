#pragma once
// HTTP client over libcurl on its own island thread: TCP and unix sockets, whole bodies or streams.
// Results arrive on the loop. Connections are kept and reused; nothing is retried here, no redirect
// is followed. Proxies of the environment are used, but never for this machine itself.
//
// Errors: invalid (bad URL or header, an answer over max_body), unavailable (refused, reset,
// unknown host, not HTTP), timeout, cancelled (the waiter or the client gave up), internal. A
// status of 500 is an answer, not an error. Destroying a stream (or cancelling the waiter) ends its
// transfer. A stream that nobody reads makes the peer wait: at most about 1 MiB is held. Thread:
// loop. Lifetime: the Loop outlives the client, the client its streams.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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
  std::string ca;           // a file with the CAs to trust; else the system's, or SSL_CERT_FILE's
  std::string unix_socket;  // a path: the connection goes there, the URL only names the host
  Duration connect_timeout = 5s;
  // Of the whole transfer. For a stream: of the wait for its head, and of each silence after it.
  Duration timeout = 30s;
  std::size_t max_body = 32U << 20U;  // of a whole answer; a stream is as long as it is read
};

struct HttpResponse {
  int status = 0;
  HeaderMap headers;
  std::string body;
};

class HttpClient;
struct HttpTransfer;

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
  explicit HttpStream(std::shared_ptr<HttpTransfer> transfer);
  std::shared_ptr<HttpTransfer> transfer_;
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
  Island& island();  // made for the first request: libcurl and what it brings is large

  Loop& loop_;
  std::unique_ptr<Island> island_;
};

// Server-sent events, as the HTML standard frames them: feed bytes in any cut, take whole events.
// Lines end in CR, LF or CRLF; a BOM, comments and `retry` are skipped. Pure.
struct SseEvent {
  std::string event;  // empty: "message"
  std::string data;   // lines joined by \n
  std::string id;     // the last one given, by this event or an earlier one
  friend bool operator==(const SseEvent&, const SseEvent&) = default;
};

class SseParser {
 public:
  explicit SseParser(std::size_t limit = 32U << 20U) : limit_(limit) {}
  // Errors: invalid, an event is larger than the limit; nothing more comes out then.
  Result<> feed(std::string_view bytes);
  std::optional<SseEvent> next();

 private:
  void take_line(std::string_view line);
  void end_of_event();

  std::size_t limit_;
  std::string line_;  // so far
  SseEvent pending_;
  bool has_data_ = false;
  bool first_line_ = true;  // may start with a BOM
  bool after_cr_ = false;   // a LF now belongs to the CR before it
  bool failed_ = false;
  std::deque<SseEvent> ready_;
};

}  // namespace exai
