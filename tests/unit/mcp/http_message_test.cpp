// HTTP heads and bodies from bytes, in every cut; no socket.
#include "daemon/net/http_message.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::net;

namespace {

// The status of the refusal; 0 when the request is complete, -1 when it needs more.
int read(RequestReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto taken = reader.feed(bytes);
    if (!taken) return taken.error();
    bytes.remove_prefix(*taken);
    if (reader.is_complete()) return 0;
    if (*taken == 0) return -1;
  }
  return reader.is_complete() ? 0 : -1;
}

int status_of(std::string_view bytes) {
  RequestReader reader(100);
  return read(reader, bytes);
}

}  // namespace

TEST_CASE("a request is the same whichever way its bytes are cut") {
  const std::string bytes =
      "POST /a%20b/mcp?x=%31 HTTP/1.1\r\nHost: localhost\r\nX-Two: one\r\nx-two: two\r\n"
      "Content-Length: 5\r\n\r\nhello";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    RequestReader reader(100);
    std::string input = bytes.substr(0, cut);
    auto taken = reader.feed(input);
    REQUIRE(taken);
    input.erase(0, *taken);
    input += bytes.substr(cut);
    while (!reader.is_complete()) {
      taken = reader.feed(input);
      REQUIRE(taken);
      REQUIRE(*taken > 0);
      input.erase(0, *taken);
    }
    const Request& request = reader.request();
    CHECK(request.method == "POST");
    CHECK(request.path == "/a b/mcp");
    CHECK(request.query == "x=%31");
    CHECK(header(request.headers, "x-two") == "one, two");
    CHECK(request.body == "hello");
    CHECK(reader.keeps_alive());
  }
}

TEST_CASE("requests in one stream are read one after another") {
  RequestReader reader(100);
  std::string bytes =
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: "
      "h\r\n\r\n";
  const auto first = reader.feed(bytes);
  REQUIRE(first);
  REQUIRE(reader.is_complete());
  CHECK(reader.request().body == "hi");
  bytes.erase(0, *first);
  reader.next();
  REQUIRE(reader.feed(bytes));
  REQUIRE(reader.is_complete());
  CHECK(reader.request().path == "/2");
  CHECK(reader.request().body.empty());
}

TEST_CASE("what cannot be read is refused with the right status") {
  const std::string many_fields(kHeadLimit, 'x');
  const auto [status, bytes] = GENERATE_COPY(table<int, std::string>({
      {0, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {0, "GET / HTTP/1.0\r\n\r\n"},
      {0, "GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n"},
      {0, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"},
      {-1, "GET / HTTP/1.1\r\nHost: h\r\n"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost h\r\n\r\n"},
      {400, "\x16\x03\x01\x02 TLS\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n"},
      {400,
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {413, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n"},
      {413, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"},
      {431, "GET / HTTP/1.1\r\nHost: h\r\nX: " + many_fields + "\r\n\r\n"},
      {505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
  }));
  CAPTURE(bytes.substr(0, 80));
  CHECK(status_of(bytes) == status);
}

TEST_CASE("HEAD is read as GET") {
  RequestReader reader(100);
  REQUIRE(read(reader, "HEAD /health HTTP/1.1\r\nHost: h\r\n\r\n") == 0);
  CHECK(reader.is_head());
  CHECK(reader.request().method == "GET");
}

TEST_CASE("a head says what follows it") {
  const Response response{200, {{"content-type", "text/plain"}}, "hello"};
  CHECK(head_text(response, Framing::length, Persistence::keep_alive, "D") ==
        "HTTP/1.1 200 OK\r\ndate: D\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n"
        "connection: keep-alive\r\n\r\n");
  CHECK(head_text(response, Framing::chunked, Persistence::close, "D") ==
        "HTTP/1.1 200 OK\r\ndate: D\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n"
        "connection: close\r\n\r\n");
  CHECK(head_text({204, {}, ""}, Framing::length, Persistence::close, "D") ==
        "HTTP/1.1 204 No Content\r\ndate: D\r\nconnection: close\r\n\r\n");
}

TEST_CASE("a Date header is in the form of RFC 9110") {
  DateText date;
  CHECK(date.at(WallTime{} + 784111777s) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(WallTime{} + 784111777s + 999ms) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(WallTime{} + 784111778s) == "Sun, 06 Nov 1994 08:49:38 GMT");
}
