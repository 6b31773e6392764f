#pragma once
// What the tests of the HTTP client share: a loop with a client, requests, and the ways a server
// answers.

#include <optional>
#include <string>

#include "core/base/http.hpp"
#include "tests/integration/fake_server.hpp"

namespace exai::test {

// For failed comparisons, too: "timeout: no answer within 1s".
inline std::string text_of(const std::optional<Error>& error) {
  return error ? fmt::format("{}: {}", name(error->code()), error->message()) : "no error";
}

template <class T>
std::string text_of(const Result<T>& result) {
  return result ? "no error" : text_of(std::optional(result.error()));
}

struct World {
  Loop loop;
  SystemClock clock;
  HttpClient http{loop};

  Result<HttpResponse> send(HttpRequest request) {
    return loop.run_until_done(http.send(std::move(request)));
  }
};

inline HttpRequest get(std::string url, Duration timeout = 10s) {
  HttpRequest request;
  request.url = std::move(url);
  request.timeout = timeout;
  return request;
}

// Serves one text to every request of a connection.
inline FakeServer::Serve always(std::string answer) {
  return [answer = std::move(answer)](FakeConnection& peer) {
    while (peer.read_request()) peer.write(answer);
  };
}

// Serves one text to the first request and then says nothing until the client goes.
inline FakeServer::Serve then_silence(std::string answer) {
  return [answer = std::move(answer)](FakeConnection& peer) {
    peer.read_request();
    peer.write(answer);
    peer.wait_closed();
  };
}

inline std::string whole(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

inline const std::string kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace exai::test
