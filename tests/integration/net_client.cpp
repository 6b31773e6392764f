#include "tests/integration/net_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdexcept>

#include "core/base/text.hpp"

namespace exai::test {

namespace {

std::string masked_frame(int first_byte, std::string_view payload) {
  constexpr char kMask[4] = {0x12, 0x34, 0x56, 0x78};
  std::string bytes(1, static_cast<char>(first_byte));
  const auto append_size = [&](int marker, int width) {
    bytes += static_cast<char>(0x80 | marker);
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
      bytes += static_cast<char>((payload.size() >> shift) & 0xff);
  };
  if (payload.size() < 126) {
    append_size(static_cast<int>(payload.size()), 0);
  } else if (payload.size() < 65536) {
    append_size(126, 2);
  } else {
    append_size(127, 8);
  }
  bytes.append(kMask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    bytes += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return bytes;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

Connection::Connection(std::uint16_t port, int receive_buffer, std::uint32_t host)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{10, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (receive_buffer > 0)
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = host != 0 ? host : htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connection refused");
}

bool Connection::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Connection::send(std::string_view bytes) {
  if (!try_send(bytes)) throw std::runtime_error("cannot send");
}

void Connection::shut_sending() {
  ::shutdown(socket_.get(), SHUT_WR);
}

bool Connection::fill() {
  char bytes[65536];
  const ssize_t count = ::recv(socket_.get(), bytes, sizeof bytes, 0);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    throw std::runtime_error("nothing came for 10 s");
  if (count <= 0) return false;  // a reset is an end too
  input_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string Connection::read_exactly(std::size_t size) {
  while (input_.size() < size)
    if (!fill()) throw std::runtime_error("closed too early");
  std::string bytes = input_.substr(0, size);
  input_.erase(0, size);
  return bytes;
}

std::string Connection::read_until(std::string_view mark) {
  std::size_t found = input_.find(mark);
  while (found == std::string::npos) {
    if (!fill()) throw std::runtime_error("closed too early");
    found = input_.find(mark);
  }
  return read_exactly(found + mark.size());
}

std::optional<char> Connection::read_byte() {
  if (input_.empty() && !fill()) return std::nullopt;
  return read_exactly(1)[0];
}

bool Connection::is_closed() {
  return !read_byte();
}

Answer Connection::head() {
  const std::string text = read_until("\r\n\r\n");
  Answer answer;
  for (const auto& line : split(text, '\n')) {
    const std::string_view trimmed = trim(line);
    const std::size_t colon = trimmed.find(": ");
    if (answer.status == 0) {
      answer.status = static_cast<int>(parse_integer(trimmed.substr(9, 3)).value_or(-1));
    } else if (colon != std::string_view::npos) {
      answer.headers[to_lower(trimmed.substr(0, colon))] = trimmed.substr(colon + 2);
    }
  }
  return answer;
}

std::string Connection::chunk() {
  const std::string line = read_until("\r\n");
  const std::string bytes = read_exactly(std::stoul(line, nullptr, 16));
  read_exactly(2);
  return bytes;
}

Answer Connection::answer() {
  Answer answer = head();
  if (answer.headers.contains("content-length"))
    answer.body = read_exactly(std::stoul(answer.headers["content-length"]));
  if (answer.headers.contains("transfer-encoding"))
    for (auto bytes = chunk(); !bytes.empty(); bytes = chunk()) answer.body += bytes;
  return answer;
}

Answer Connection::request(std::string_view method, std::string_view path, std::string_view headers,
                           std::string_view body) {
  send(http(method, path, headers, body));
  return answer();
}

std::string http(std::string_view method, std::string_view path, std::string_view headers,
                 std::string_view body) {
  const std::string length =
      method == "POST" ? fmt::format("Content-Length: {}\r\n", body.size()) : "";
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}{}\r\n{}", method, path, headers,
                     length, body);
}

int Frame::close_code() const {
  return payload.size() < 2 ? 0 : static_cast<int>(big_endian(payload.substr(0, 2)));
}

std::string upgrade_headers(std::string_view protocol) {
  std::string headers =
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!protocol.empty()) headers += fmt::format("Sec-WebSocket-Protocol: {}\r\n", protocol);
  return headers;
}

WebSocketClient::WebSocketClient(std::uint16_t port, std::string_view protocol,
                                 std::string_view path, int receive_buffer,
                                 std::string_view headers)
    : connection_(port, receive_buffer) {
  connection_.send(http("GET", path, upgrade_headers(protocol).append(headers)));
  upgrade_ = connection_.head();
  if (upgrade_.status != 101)
    throw std::runtime_error(fmt::format("no upgrade: {}", upgrade_.status));
}

void WebSocketClient::frame(int first_byte, std::string_view payload) {
  connection_.send(masked_frame(first_byte, payload));
}

bool WebSocketClient::try_text(std::string_view message) {
  return connection_.try_send(masked_frame(0x81, message));
}

Frame WebSocketClient::next() {
  const std::string start = connection_.read_exactly(2);
  Frame frame;
  frame.opcode = start[0] & 0x0f;
  std::uint64_t size = static_cast<unsigned char>(start[1]) & 0x7fU;
  if (size > 125) size = big_endian(connection_.read_exactly(size == 126 ? 2 : 8));
  frame.payload = connection_.read_exactly(size);
  return frame;
}

std::string WebSocketClient::message() {
  for (;;) {
    Frame frame = next();
    if (frame.opcode == 1) return frame.payload;
    if (frame.opcode == 8)
      throw std::runtime_error(fmt::format("closed with {}", frame.close_code()));
  }
}

}  // namespace exai::test
