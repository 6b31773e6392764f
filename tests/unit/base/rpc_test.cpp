#include "core/base/rpc.hpp"
#include "core/base/text.hpp"

using namespace exai;
using namespace exai::rpc;

TEST_CASE("a request keeps its id, method and params") {
  const auto message = parse(R"({"jsonrpc":"2.0","id":7,"method":"status","params":{"a":1}})");
  REQUIRE(message);
  const auto& request = std::get<Request>(*message);
  CHECK(request.id == Id(std::int64_t{7}));
  CHECK(request.method == "status");
  CHECK(to_text(request) == R"({"jsonrpc":"2.0","id":7,"method":"status","params":{"a":1}})");
}

TEST_CASE("what is kept of a message is all there when the text has gone, small or large") {
  const std::size_t length = GENERATE(std::size_t{10}, std::size_t{900}, std::size_t{100'000});
  const std::string long_text(length, 'x');
  auto text = std::make_unique<std::string>(
      R"({"jsonrpc":"2.0","id":"one that is too long for a string without memory","method":"m",)"
      R"("params":{"a":{"b":[1,")" +
      long_text + R"("]}}})");
  auto message = rpc::parse(*text);
  auto answer = rpc::parse(replace_all(*text, R"("method":"m","params")", R"("result")"));
  text.reset();
  const std::string params = R"({"a":{"b":[1,")" + long_text + R"("]}})";
  REQUIRE(message);
  CHECK(to_text(std::get<rpc::Request>(*message).params) == params);
  REQUIRE(answer);
  CHECK(to_text(std::get<rpc::Response>(*answer).result) == params);
}

TEST_CASE("a request without an id is a notification") {
  const auto message = parse(R"({"jsonrpc":"2.0","method":"gone"})");
  REQUIRE(message);
  CHECK_FALSE(std::get<Request>(*message).id);
}

TEST_CASE("responses carry a result or an error") {
  const auto good = parse(R"({"jsonrpc":"2.0","id":"a","result":{"x":1}})");
  REQUIRE(good);
  CHECK(to_text(std::get<Response>(*good)) == R"({"jsonrpc":"2.0","id":"a","result":{"x":1}})");
  const auto bad = parse(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":[1]}})");
  REQUIRE(bad);
  CHECK(to_text(std::get<Response>(*bad)) ==
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":[1]}})");
  CHECK(to_text(error_of(std::nullopt, kParseError, "not JSON")) ==
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}})");
}

TEST_CASE("what is no JSON-RPC message is rejected with the code of the standard") {
  struct Row {
    std::string text;
    int code;
    std::string message;
    bool has_id;
  };
  const auto row = GENERATE(values<Row>({
      {"[]", kInvalidRequest, "a JSON-RPC message is an object", false},
      {R"({"id":1,"method":"x"})", kInvalidRequest, "\"jsonrpc\" must be \"2.0\"", true},
      {R"({"jsonrpc":"1.0","id":1,"method":"x"})", kInvalidRequest, "\"jsonrpc\" must be \"2.0\"", true},
      {R"({"jsonrpc":"2.0","id":1})", kInvalidRequest, "\"method\" must be a string", true},
      {R"({"jsonrpc":"2.0","id":1,"method":3})", kInvalidRequest, "\"method\" must be a string", true},
      {R"({"jsonrpc":"2.0","id":null,"method":"x"})", kInvalidRequest, "\"id\" must be a string or an integer", false},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"x"})", kInvalidRequest, "\"id\" must be a string or an integer", false},
      {R"({"jsonrpc":"2.0","id":1,"method":"x","params":[]})", kInvalidRequest, "\"params\" must be an object", true},
      {"{", kParseError, "not JSON: it ends too early, at line 1, column 2", false},
  }));
  CAPTURE(row.text);
  const auto message = parse(row.text);
  REQUIRE_FALSE(message);
  CHECK(message.error().error.code == row.code);
  CHECK(message.error().error.message == row.message);
  CHECK(message.error().id.has_value() == row.has_id);
}

TEST_CASE("lines come out whole, however the bytes are cut") {
  const std::string stream = "one\r\n\ntwo\nthr";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    LineFramer framer;
    std::vector<std::string> lines;
    const auto take = [&] {
      while (const auto line = framer.next()) lines.push_back(**line);
    };
    framer.feed(stream.substr(0, cut));
    take();
    framer.feed(stream.substr(cut));
    take();
    CHECK(lines == std::vector<std::string>{"one", "two"});
  }
}

TEST_CASE("a line over the limit is told once and the next line is read") {
  LineFramer framer(4);
  framer.feed("123456");
  const auto first = framer.next();
  REQUIRE(first);
  CHECK(first->error() == Error(Errc::invalid, "a line of more than 4 bytes"));
  framer.feed("789012345");
  CHECK_FALSE(framer.next());
  framer.feed("6\nok\n");
  const auto next = framer.next();
  REQUIRE(next);
  CHECK(**next == "ok");
}
