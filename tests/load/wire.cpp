#include "tests/load/wire.hpp"

#include <cstdlib>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace exai::load {

namespace {

constexpr std::string_view kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"load","version":"1"}}})";
constexpr std::string_view kInitialized =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

std::string upgrade(std::string_view path, std::string_view more_headers) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
      path, more_headers);
}

// A masked frame; the mask is zero, which is legal and changes nothing.
std::string frame(unsigned opcode, std::string_view payload) {
  std::string bytes(1, static_cast<char>(0x80U | opcode));
  const std::size_t size = payload.size();
  if (size < 126) {
    bytes += static_cast<char>(0x80U | size);
  } else if (size < 65536) {
    bytes += {static_cast<char>(0xFE), static_cast<char>(size >> 8U), static_cast<char>(size)};
  } else {
    bytes += static_cast<char>(0xFF);
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes += static_cast<char>(std::uint64_t{size} >> static_cast<unsigned>(shift));
  }
  bytes.append(4, '\0');
  bytes += payload;
  return bytes;
}

// The value of that header; empty: it is not there.
std::string header_in(std::string_view head, std::string_view lower_name) {
  for (const std::string& line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && to_lower(line.substr(0, colon)) == lower_name)
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return {};
}

// Takes a chunked body off the front of `in`; nothing: not all of it has come.
std::optional<std::string> take_chunks(std::string_view& in) {
  std::string body;
  for (;;) {
    const std::size_t line = in.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    const std::size_t size = std::strtoul(std::string(in.substr(0, line)).c_str(), nullptr, 16);
    if (in.size() < line + 2 + size + 2) return std::nullopt;
    body += in.substr(line + 2, size);
    in.remove_prefix(line + 2 + size + 2);
    if (size == 0) return body;
  }
}

std::vector<std::string> data_of_events(std::string_view body) {
  std::vector<std::string> texts;
  for (const std::string& line : split(body, '\n'))
    if (line.starts_with("data: {")) texts.push_back(line.substr(6));
  return texts;
}

}  // namespace

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"exai", "ws", "http", "stateless"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string Wire::post(std::string_view body, std::string_view more_headers) const {
  const std::string_view version = kind_ == Kind::stateless ? "2026-07-28" : "2025-11-25";
  return fmt::format(
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {}\r\n{}"
      "Content-Length: {}\r\n\r\n{}",
      version,
      session_.empty() ? std::string(more_headers)
                       : fmt::format("Mcp-Session-Id: {}\r\n{}", session_, more_headers),
      body.size(), body);
}

std::string Wire::opening(std::size_t step) const {
  switch (kind_) {
    case Kind::exai:
      if (step == 0) return upgrade("/", "");
      return step == 1 ? frame(1, R"({"op":"hello"})") : "";
    case Kind::websocket:
      if (step == 0) return upgrade("/ws", "Sec-WebSocket-Protocol: mcp\r\n");
      if (step == 1) return frame(1, kInitialize);
      return step == 2 ? frame(1, kInitialized) : "";
    case Kind::http:
      if (step == 0) return post(kInitialize);
      return step == 1 ? post(kInitialized) : "";
    case Kind::stateless:
      break;
  }
  return "";
}

bool Wire::opening_is_answered(std::size_t step) const {
  return kind_ != Kind::websocket || step != 2;
}

bool Wire::is_welcome(std::size_t step, const Heard& heard) const {
  if (heard.what != Heard::What::message) return false;
  if (is_socket() && step == 0) return heard.status == 101;
  if (kind_ == Kind::http && step == 1) return heard.status == 202;
  if (heard.texts.size() != 1 || heard.status > 200) return false;
  const std::string_view sign = kind_ == Kind::exai ? R"("ok":true)" : R"("serverInfo")";
  return heard.texts[0].find(sign) != std::string::npos;
}

std::string Wire::call(const Call& call) const {
  json::object arguments{{"message", call.message}};
  if (call.delay_ms > 0) arguments["delay_ms"] = call.delay_ms;
  if (kind_ == Kind::exai)
    return frame(1, to_text(json::object{{"op", "call_tool"},
                                         {"request_id", std::to_string(call.number)},
                                         {"name", "test_echo"},
                                         {"arguments", arguments}}));
  json::object params{{"name", "test_echo"}, {"arguments", arguments}};
  json::object meta;
  if (call.as_stream) meta["progressToken"] = call.number;
  if (kind_ == Kind::stateless) {
    meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
    meta["io.modelcontextprotocol/clientCapabilities"] = json::object();
  }
  if (!meta.empty()) params["_meta"] = std::move(meta);
  const std::string text = to_text(json::object{
      {"jsonrpc", "2.0"}, {"id", call.number}, {"method", "tools/call"}, {"params", params}});
  if (kind_ == Kind::websocket) return frame(1, text);
  return post(text,
              kind_ == Kind::stateless ? "Mcp-Method: tools/call\r\nMcp-Name: test_echo\r\n" : "");
}

std::string Wire::listen() const {
  if (kind_ != Kind::http) return "";
  return fmt::format(
      "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
      "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {}\r\n\r\n",
      session_);
}

std::string Wire::pong(const Heard& ping) const {
  return frame(10, ping.texts.at(0));
}

std::string Wire::farewell() const {
  if (is_socket()) return frame(8, std::string_view("\x03\xe8", 2));  // 1000
  if (kind_ == Kind::stateless) return "";
  return fmt::format(
      "DELETE /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nMCP-Protocol-Version: 2025-11-25\r\n"
      "Mcp-Session-Id: {}\r\n\r\n",
      session_);
}

std::optional<Heard> Wire::next() {
  return upgraded_ ? next_frame() : next_response();
}

std::optional<Heard> Wire::next_response() {
  const std::size_t head_end = in_.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::nullopt;
  const std::string_view head = std::string_view(in_).substr(0, head_end + 2);
  std::string_view rest = std::string_view(in_).substr(head_end + 4);
  std::string body;
  if (header_in(head, "transfer-encoding") == "chunked") {
    auto whole = take_chunks(rest);
    if (!whole) return std::nullopt;
    body = *std::move(whole);
  } else {
    const std::string length = header_in(head, "content-length");
    const std::size_t size = std::strtoul(length.c_str(), nullptr, 10);
    if (rest.size() < size) return std::nullopt;
    body = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  Heard heard;
  heard.status = std::atoi(in_.c_str() + 9);
  if (header_in(head, "content-type") == "text/event-stream") {
    heard.texts = data_of_events(body);
  } else if (!body.empty()) {
    heard.texts.push_back(std::move(body));
  }
  if (std::string id = header_in(head, "mcp-session-id"); !id.empty()) session_ = std::move(id);
  upgraded_ = heard.status == 101;
  in_.erase(0, in_.size() - rest.size());
  return heard;
}

std::optional<Heard> Wire::next_frame() {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(in_[at]); };
  if (in_.size() < 2) return std::nullopt;
  std::size_t size = byte(1) & 0x7FU;
  const std::size_t width = size < 126 ? 0 : size == 126 ? 2 : 8;
  if (in_.size() < 2 + width) return std::nullopt;
  if (width > 0) size = 0;
  for (std::size_t i = 0; i < width; ++i) size = size << 8U | byte(2 + i);
  if (in_.size() < 2 + width + size) return std::nullopt;
  Heard heard;
  const unsigned opcode = byte(0) & 0x0FU;
  if (opcode == 8) heard.what = Heard::What::closed;
  if (opcode == 9) heard.what = Heard::What::ping;
  heard.texts.push_back(in_.substr(2 + width, size));
  in_.erase(0, 2 + width + size);
  return heard;
}

Verdict Wire::judge(const Call& call, std::string_view text) const {
  const auto message = parse_json_object(text);
  if (!message) return Verdict::wrong;
  if (kind_ == Kind::exai) {
    if (find_string(*message, "request_id") != std::to_string(call.number)) return Verdict::wrong;
    const std::string op = find_string(*message, "op").value_or("");
    if (op == "progress" || op == "call_tool_ack") return Verdict::progress;
    const bool right = op == "call_tool_res" && find_string(*message, "text") == call.message &&
                       !message->contains("error");
    return right ? Verdict::answer : Verdict::wrong;
  }
  if (!message->contains("id")) return Verdict::progress;
  if (find_integer(*message, "id") != static_cast<std::int64_t>(call.number)) return Verdict::wrong;
  const json::object* result = find_object(*message, "result");
  const json::array* content = result ? find_array(*result, "content") : nullptr;
  if (!content || content->size() != 1 || !content->front().is_object()) return Verdict::wrong;
  if (find_bool(*result, "isError").value_or(false)) return Verdict::wrong;
  return find_string(content->front().get_object(), "text") == call.message ? Verdict::answer
                                                                            : Verdict::wrong;
}

}  // namespace exai::load
