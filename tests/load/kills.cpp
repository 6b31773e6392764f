#include "tests/load/kills.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "core/base/text.hpp"
#include "tests/load/crowd.hpp"

namespace exai::load {

namespace {

std::size_t below(std::mt19937_64& random, std::size_t limit) {
  return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

// Where a client dies in time does not matter for what must be so afterwards.
void linger(std::mt19937_64& random, std::size_t most_ms) {
  std::this_thread::sleep_for(std::chrono::microseconds(below(random, most_ms * 1000)));
}

void die(Fd socket, std::mt19937_64& random) {
  const std::size_t how = below(random, 3);
  if (how == 0) {
    const ::linger reset{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  } else if (how == 1) {
    ::shutdown(socket.get(), SHUT_WR);
    linger(random, 3);
  }
}

// Says it but for the end, of which there is always some.
void say_a_part(const Fd& socket, std::string_view bytes, std::mt19937_64& random) {
  send_all(socket, bytes.substr(0, 1 + below(random, bytes.size() - 1)));
}

// Goes in up to that step; in full when it is open before.
void go_in(const Fd& socket, Wire& wire, std::size_t steps) {
  for (std::size_t step = 0; step < steps; ++step) {
    const std::string said = wire.opening(step);
    if (said.empty()) return;
    send_all(socket, said);
    if (!wire.opening_is_answered(step)) continue;
    const auto heard = hear(socket, wire);
    if (!heard || !wire.is_welcome(step, *heard))
      throw std::runtime_error(fmt::format(
          "not let in at step {}: {}", step,
          heard ? std::to_string(heard->status) + " " + join(heard->texts, " ") : "no answer"));
  }
}

void read_a_part(const Fd& socket, std::size_t bytes) {
  char buffer[8192];
  while (bytes > 0) {
    const ssize_t count = ::recv(socket.get(), buffer, std::min(bytes, sizeof buffer), 0);
    if (count <= 0) throw std::runtime_error("closed by the server in the middle of an answer");
    bytes -= static_cast<std::size_t>(count);
  }
}

}  // namespace

std::string_view name(Instant instant) {
  constexpr std::array<std::string_view, kInstants> kNames = {
      "silent", "in the handshake", "in a frame", "in a call", "in a stream"};
  return kNames.at(static_cast<std::size_t>(instant));
}

void live_until(Instant instant, Kind kind, std::uint16_t port, std::mt19937_64& random) {
  constexpr std::size_t kAllSteps = 9;
  constexpr std::size_t kLongAnswer = 60'000;
  Fd socket = connect_to(port);
  Wire wire(kind);
  Call call{1 + random() % 1000, "x", 0, false};
  switch (instant) {
    case Instant::silent:
      break;
    case Instant::in_handshake: {
      std::size_t steps = 0;
      while (!wire.opening(steps).empty()) ++steps;
      const std::size_t dies_in = below(random, steps);
      go_in(socket, wire, dies_in);
      const std::string said = wire.opening(dies_in);
      say_a_part(socket, said.empty() ? wire.call(call) : said, random);
      break;
    }
    case Instant::in_frame:
      go_in(socket, wire, kAllSteps);
      say_a_part(socket, wire.call(call), random);
      break;
    case Instant::in_call:
      go_in(socket, wire, kAllSteps);
      call.delay_ms = 20 + static_cast<int>(below(random, 200));
      call.as_stream = below(random, 2) == 0;
      send_all(socket, wire.call(call));
      linger(random, 20);
      break;
    case Instant::in_stream: {
      go_in(socket, wire, kAllSteps);
      const std::string own = below(random, 2) == 0 ? wire.listen() : "";
      call.message.assign(kLongAnswer, 'x');
      call.as_stream = true;
      send_all(socket, own.empty() ? wire.call(call) : own);
      read_a_part(socket, 1 + below(random, own.empty() ? kLongAnswer : 50));
      break;
    }
  }
  linger(random, 3);
  die(std::move(socket), random);
}

}  // namespace exai::load
