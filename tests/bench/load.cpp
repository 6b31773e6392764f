// mcp_load http|ws PORT CONNECTIONS SECONDS [TOOL]: a closed loop of tools/call test_echo (or that
// tool) against an MCP server on 127.0.0.1, one call in flight a connection. Each reply must carry
// its call's id and message. Prints one line: calls a second, p50 and p99 in microseconds,
// failures, and how many calls there were with those of the warm-up.
//
// mcp_load http|ws PORT CONNECTIONS idle: connects them, says so, and does nothing until killed.
//
// One thread, epoll, our own few lines of HTTP and WebSocket: the client must cost less than any
// server it measures.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr auto npos = std::string_view::npos;

enum class Kind { http, ws };

std::string tool = "test_echo";

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "mcp_load: %s\n", message.c_str());
  std::exit(1);
}

// --- bytes of the two transports ---

std::string http_post(const std::string& session, const std::string& body) {
  return "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
         "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n" +
         (session.empty() ? "" : "Mcp-Session-Id: " + session + "\r\n") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ws_upgrade() {
  return "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Protocol: mcp\r\n\r\n";
}

// A text frame; the mask is zero, which is legal and costs nothing.
std::string ws_frame(const std::string& text) {
  std::string frame("\x81", 1);
  if (text.size() < 126) {
    frame += static_cast<char>(0x80U | text.size());
  } else {
    frame += static_cast<char>(0x80U | 126U);
    frame += static_cast<char>(text.size() >> 8U);
    frame += static_cast<char>(text.size() & 0xFFU);
  }
  return frame + std::string(4, '\0') + text;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

struct Reply {
  int status = 0;
  std::string session;
  std::string body;  // with chunk framing, if any: it is only searched
};

// Takes one HTTP response off the front of `in`, or nothing when it is not complete yet.
std::optional<Reply> take_http(std::string& in) {
  const std::size_t head_end = in.find("\r\n\r\n");
  if (head_end == npos) return std::nullopt;
  const std::string head = lower(in.substr(0, head_end + 2));
  const std::size_t body = head_end + 4;
  std::size_t end = body;
  if (const auto at = head.find("\r\ncontent-length:"); at != npos) {
    end = body + std::strtoul(head.c_str() + at + 17, nullptr, 10);
  } else if (head.find("\r\ntransfer-encoding: chunked") != npos) {
    const std::size_t last = in.find("\r\n0\r\n\r\n", body - 2);
    if (last == npos) return std::nullopt;
    end = last + 7;
  }
  if (in.size() < end) return std::nullopt;
  Reply reply;
  reply.status = std::atoi(in.c_str() + 9);
  if (const auto at = head.find("\r\nmcp-session-id:"); at != npos) {
    const std::size_t begin = head.find_first_not_of(' ', at + 17);
    reply.session = in.substr(begin, in.find('\r', begin) - begin);
  }
  reply.body = in.substr(body, end - body);
  in.erase(0, end);
  return reply;
}

// Takes one text frame; control frames are skipped.
std::optional<std::string> take_ws(std::string& in) {
  while (in.size() >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
    std::size_t length = byte(1) & 0x7FU;
    std::size_t head = 2;
    if (length == 126) {
      if (in.size() < 4) return std::nullopt;
      length = static_cast<std::size_t>(byte(2)) << 8U | byte(3);
      head = 4;
    } else if (length == 127) {
      die("a frame of more than 64 KiB");
    }
    if (in.size() < head + length) return std::nullopt;
    const unsigned opcode = byte(0) & 0x0FU;
    std::string text = in.substr(head, length);
    in.erase(0, head + length);
    if (opcode == 1) return text;
  }
  return std::nullopt;
}

// --- one client ---

class Connection {
 public:
  Connection(Kind kind, std::uint16_t port, int number, int epoll) : kind_(kind), number_(number) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      die("cannot connect to port " + std::to_string(port));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  // Handshake, blocking in effect: waits for each answer.
  void open() {
    if (kind_ == Kind::ws) {
      send(ws_upgrade());
      while (in_.find("\r\n\r\n") == npos) wait_more();
      if (in_.compare(9, 3, "101") != 0) die("no upgrade: " + in_.substr(0, 80));
      in_.erase(0, in_.find("\r\n\r\n") + 4);
    }
    send_message(
        R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
        R"("capabilities":{},"clientInfo":{"name":"load","version":"1"}}})");
    const std::string answer = wait_message();
    if (answer.find("serverInfo") == npos) die("initialize: " + answer.substr(0, 200));
    send_message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    if (kind_ == Kind::http) wait_message();  // 202
  }

  void call() {
    ++calls_;
    expected_id_ = "\"id\":" + std::to_string(calls_);
    expected_text_ = "m-" + std::to_string(number_) + "-" + std::to_string(calls_);
    const std::string message = R"({"jsonrpc":"2.0",)" + expected_id_ +
                                R"(,"method":"tools/call","params":{"name":")" + tool +
                                R"(","arguments":{"message":")" + expected_text_ + R"("}}})";
    sent_ = Clock::now();
    send_message(message);
  }

  // After EPOLLIN: how long the call took when its reply is complete. Negative: a wrong reply.
  std::optional<microseconds> receive() {
    if (!read_some()) die("the server closed the connection");
    const auto message = take_message();
    if (!message) return std::nullopt;
    const auto took = std::chrono::duration_cast<microseconds>(Clock::now() - sent_);
    const bool right = message->find(expected_id_) != npos && message->find(expected_text_) != npos;
    return right ? took : microseconds(-1);
  }

 private:
  void send(const std::string& bytes) {
    // Requests are far smaller than a socket's buffer, and only one is in flight.
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      die("a short write");
  }
  void send_message(const std::string& json) {
    send(kind_ == Kind::http ? http_post(session_, json) : ws_frame(json));
  }

  bool read_some() {
    char buffer[16384];
    const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    in_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  void wait_more() {
    pollfd_wait();
    if (!read_some()) die("the server closed the connection in the handshake");
  }
  void pollfd_wait() const {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd_, &set);
    timeval limit{10, 0};
    if (::select(fd_ + 1, &set, nullptr, nullptr, &limit) != 1) die("no answer in the handshake");
  }

  std::optional<std::string> take_message() {
    if (kind_ == Kind::ws) return take_ws(in_);
    auto reply = take_http(in_);
    if (!reply) return std::nullopt;
    if (reply->status / 100 != 2) die("status " + std::to_string(reply->status) + reply->body);
    if (!reply->session.empty()) session_ = reply->session;
    return reply->body;
  }
  std::string wait_message() {
    while (true) {
      if (auto message = take_message()) return *message;
      wait_more();
    }
  }

  Kind kind_;
  int number_;
  int fd_ = -1;
  std::string session_;
  std::string in_;
  std::uint64_t calls_ = 0;
  std::string expected_id_;
  std::string expected_text_;
  Clock::time_point sent_;
};

// --- the run ---

struct Numbers {
  std::vector<microseconds> took;
  std::size_t wrong = 0;
  double seconds = 0;
};

Numbers run(int epoll, std::vector<std::unique_ptr<Connection>>& connections, double seconds) {
  Numbers numbers;
  const auto start = Clock::now();
  const auto end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (auto& connection : connections) connection->call();
  std::size_t in_flight = connections.size();
  epoll_event events[64];
  while (in_flight > 0) {
    const int ready = ::epoll_wait(epoll, events, 64, 10000);
    if (ready == 0) die("no reply within 10 s");
    for (int i = 0; i < ready; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      const auto took = connection->receive();
      if (!took) continue;
      if (took->count() < 0)
        ++numbers.wrong;
      else
        numbers.took.push_back(*took);
      if (Clock::now() < end)
        connection->call();
      else
        --in_flight;
    }
  }
  numbers.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return numbers;
}

long long percentile(std::vector<microseconds>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(share * last)].count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) die("usage: mcp_load http|ws PORT CONNECTIONS SECONDS|idle [TOOL]");
  if (argc == 6) tool = argv[5];
  const Kind kind = std::string_view(argv[1]) == "ws" ? Kind::ws : Kind::http;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    connections.push_back(std::make_unique<Connection>(kind, port, i, epoll));
    connections.back()->open();
  }
  if (std::string_view(argv[4]) == "idle") {
    std::puts("connected");
    std::fflush(stdout);
    ::pause();
  }
  const Numbers warm = run(epoll, connections, 0.3);
  Numbers numbers = run(epoll, connections, std::atof(argv[4]));
  if (numbers.took.empty()) die("no right reply");
  std::sort(numbers.took.begin(), numbers.took.end());
  std::printf("%.0f %lld %lld %zu %zu\n",
              static_cast<double>(numbers.took.size()) / numbers.seconds,
              percentile(numbers.took, 0.50), percentile(numbers.took, 0.99),
              numbers.wrong + warm.wrong, numbers.took.size() + warm.took.size());
}
