#include "tests/load/crowd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "core/base/text.hpp"

namespace exai::load {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLost = std::chrono::seconds(60);
constexpr std::uint64_t kPrinted = 10;  // of what is wrong
constexpr std::size_t kStreamEvery = 8;

}  // namespace

Fd connect_to(std::uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(fmt::format("cannot connect to port {}", port));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval limit{10, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return socket;
}

void send_all(const Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("the server has closed");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::optional<Heard> hear(const Fd& socket, Wire& wire) {
  for (;;) {
    if (auto heard = wire.next()) return heard;
    char bytes[16384];
    const ssize_t count = ::recv(socket.get(), bytes, sizeof bytes, 0);
    if (count <= 0) return std::nullopt;
    wire.feed({bytes, static_cast<std::size_t>(count)});
  }
}

struct Crowd::Client {
  Client(Kind kind_, std::size_t number_, Fd socket_)
      : kind(kind_), number(number_), socket(std::move(socket_)), wire(kind_) {}

  Kind kind;
  std::size_t number;
  Fd socket;
  Wire wire;
  bool is_busy = false;
  Call call;
  Moment sent;
};

Crowd::Counts& Crowd::Counts::operator+=(const Counts& more) {
  for (std::size_t i = 0; i < answers.size(); ++i) answers.at(i) += more.answers.at(i);
  wrong += more.wrong;
  lost += more.lost;
  closed += more.closed;
  return *this;
}

std::uint64_t Crowd::Counts::right() const {
  return std::accumulate(answers.begin(), answers.end(), std::uint64_t{0});
}

Crowd::Crowd(Plan plan) : plan_(plan), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  // One of each class after another: the limits are not reached by one class alone.
  for (std::size_t i = 0; i < plan_.clients; ++i)
    for (const Kind kind : kKinds) {
      Class& of = classes_.at(static_cast<std::size_t>(kind));
      of.clients.push_back(std::make_unique<Client>(kind, i, connect_to(plan_.port)));
      Client& client = *of.clients.back();
      open(client);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &client;
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, client.socket.get(), &event);
      of.idle.push_back(&client);
    }
}

Crowd::~Crowd() = default;

void Crowd::open(Client& client) const {
  std::size_t step = 0;
  for (std::string said = client.wire.opening(0); !said.empty();
       said = client.wire.opening(++step)) {
    send_all(client.socket, said);
    if (!client.wire.opening_is_answered(step)) continue;
    const auto heard = hear(client.socket, client.wire);
    if (!heard || !client.wire.is_welcome(step, *heard))
      throw std::runtime_error(fmt::format(
          "{} client {} did not get in: {}", name(client.kind), client.number,
          heard ? std::to_string(heard->status) + " " + join(heard->texts, " ") : "no answer"));
  }
}

void Crowd::call_somebody(Class& of) {
  if (of.idle.empty()) return;
  random_ ^= random_ << 13U;  // xorshift
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  std::swap(of.idle[random_ % of.idle.size()], of.idle.back());
  Client& client = *of.idle.back();
  of.idle.pop_back();
  client.is_busy = true;
  ++busy_;
  Call& call = client.call;
  ++call.number;
  call.message =
      fmt::format("{}-{}-{}-{:x}", name(client.kind), client.number, call.number, random_);
  const auto longest = static_cast<std::uint64_t>(plan_.longest_delay_ms);
  call.delay_ms = longest > 0 ? static_cast<int>((random_ >> 20U) % longest) : 0;
  call.as_stream = random_ % kStreamEvery == 0;
  client.sent = Clock::now();
  try {
    send_all(client.socket, client.wire.call(call));
  } catch (const std::runtime_error&) {
    over(client);
  }
}

void Crowd::report(const Client& client, const char* what, std::string_view detail) {
  if (counts_.bad() > kPrinted) return;
  std::printf("  %s client %zu, call %llu: %s: %.400s\n", std::string(name(client.kind)).c_str(),
              client.number, static_cast<unsigned long long>(client.call.number), what,
              std::string(detail).c_str());
}

// The server ended the connection.
void Crowd::over(Client& client) {
  ++counts_.closed;
  report(client, "closed by the server", client.is_busy ? "in a call" : "between calls");
  if (std::exchange(client.is_busy, false)) --busy_;
  Class& of = classes_.at(static_cast<std::size_t>(client.kind));
  std::erase(of.idle, &client);
  client.socket.reset();
}

void Crowd::receive(Client& client) {
  char bytes[65536];
  const ssize_t count = ::recv(client.socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return over(client);
  client.wire.feed({bytes, static_cast<std::size_t>(count)});
  while (const auto heard = client.wire.next()) {
    hear_one(client, *heard);
    if (client.socket.get() < 0) return;
  }
}

void Crowd::hear_one(Client& client, const Heard& heard) {
  if (heard.what == Heard::What::ping) return send_all(client.socket, client.wire.pong(heard));
  if (heard.what == Heard::What::closed) return over(client);
  bool answered = false;
  bool wrong = heard.status > 200 || heard.texts.empty();
  for (const std::string& text : heard.texts) {
    const Verdict verdict =
        client.is_busy && !answered ? client.wire.judge(client.call, text) : Verdict::wrong;
    if (verdict == Verdict::wrong) wrong = true;
    if (verdict == Verdict::answer) answered = true;
  }
  if (wrong || (heard.status != 0 && !answered)) {
    ++counts_.wrong;
    report(client, "a wrong reply",
           fmt::format("wanted \"{}\", got {} {}", client.call.message, heard.status,
                       join(heard.texts, " | ")));
  }
  if (!answered && heard.status == 0) return;
  Class& of = classes_.at(static_cast<std::size_t>(client.kind));
  if (!std::exchange(client.is_busy, false)) return;
  --busy_;
  if (answered) ++counts_.answers.at(static_cast<std::size_t>(client.kind));
  of.idle.push_back(&client);
  if (calling_) call_somebody(of);
}

void Crowd::find_lost() {
  const auto now = Clock::now();
  for (Class& of : classes_)
    for (auto& client : of.clients) {
      if (!client->is_busy || now - client->sent < kLost) continue;
      ++counts_.lost;
      report(*client, "no answer", client->call.message);
      client->is_busy = false;  // and it is not used any more
      --busy_;
    }
}

void Crowd::run(const std::function<bool()>& more) {
  calling_ = true;
  for (Class& of : classes_)
    for (std::size_t i = 0; i < plan_.in_flight; ++i) call_somebody(of);
  auto asked = Clock::now();
  while (calling_ || busy_ > 0) {
    epoll_event events[256];
    const int ready = ::epoll_wait(epoll_.get(), events, 256, 100);
    for (int i = 0; i < ready; ++i) {
      auto* client = static_cast<Client*>(events[i].data.ptr);
      if (client->socket.get() >= 0) receive(*client);
    }
    if (Clock::now() - asked < std::chrono::milliseconds(100)) continue;
    asked = Clock::now();
    find_lost();
    if (calling_) calling_ = more();
  }
}

void Crowd::leave() {
  for (Class& of : classes_)
    for (auto& client : of.clients) {
      if (client->socket.get() < 0) continue;
      const std::string said = client->wire.farewell();
      if (said.empty()) continue;
      send_all(client->socket, said);
      while (const auto heard = hear(client->socket, client->wire))
        if (heard->what != Heard::What::ping) break;
    }
  for (Class& of : classes_) {
    of.idle.clear();
    of.clients.clear();
  }
}

}  // namespace exai::load
