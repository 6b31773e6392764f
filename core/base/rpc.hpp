#pragma once
// JSON-RPC 2.0: the message model that the control socket and MCP share, and the framing of the
// control socket: one message a line. Pure.
//
//   {"jsonrpc":"2.0","id":1,"method":"status","params":{}}\n
//   {"jsonrpc":"2.0","id":1,"result":{…}}\n

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/error.hpp"
#include "core/base/json.hpp"

namespace exai::rpc {

// The standard's codes; an application adds its own outside -32768..-32000.
enum : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kInternalError = -32603,
};

// A string or an integer, never null.
using Id = std::variant<std::int64_t, std::string>;
// Nothing for what is none, and for nullptr.
std::optional<Id> id_from(const json::value* value);

struct Request {  // without an id it is a notification
  std::optional<Id> id;
  std::string method;
  json::object params;
};

struct ErrorObject {
  int code = kInternalError;
  std::string message;
  json::value data;  // null: absent
};

struct Response {
  std::optional<Id> id;  // nothing: the request's id could not be read (written as null)
  json::value result;    // read when there is no error
  std::optional<ErrorObject> error;
};

using Message = std::variant<Request, Response>;

// A rejection carries what the reply must say: code, message and the id if it could be read.
struct Rejection {
  std::optional<Id> id;
  ErrorObject error;
};

tl::expected<Message, Rejection> parse(std::string_view text);
tl::expected<Message, Rejection> from_json(json::value value);
std::string to_text(const Request& request);
std::string to_text(const Response& response);
json::value to_json(const Id& id);

Response result_of(const Id& id, json::value result);
Response error_of(std::optional<Id> id, int code, std::string message, json::value data = nullptr);

// Cuts a byte stream into lines. A line over the limit is an error once, and then skipped.
class LineFramer {
 public:
  explicit LineFramer(std::size_t limit = 4U << 20U) : limit_(limit) {}
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // Nothing: more bytes are needed. Errors: invalid, the line is too long.
  std::optional<Result<std::string>> next();

 private:
  std::size_t limit_;
  std::string buffer_;
  bool skipping_ = false;
};

}  // namespace exai::rpc
