#pragma once
// Many clients of all classes at once, on one thread: all connected, a part of each class with a
// call in flight, which wanders over all of them. Every reply is matched to its call and checked by
// content; what is wrong is counted, and the first few are printed.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/os.hpp"
#include "tests/load/wire.hpp"

namespace exai::load {

using Moment = std::chrono::steady_clock::time_point;

Fd connect_to(std::uint16_t port);                        // blocking. Throws std::runtime_error.
void send_all(const Fd& socket, std::string_view bytes);  // blocking; the same
// The next message, or nothing when the server has closed or says nothing for 10 s.
std::optional<Heard> hear(const Fd& socket, Wire& wire);

class Crowd {
 public:
  struct Plan {
    std::uint16_t port = 0;
    std::size_t clients = 0;    // of each class
    std::size_t in_flight = 0;  // of each class
    int longest_delay_ms = 0;
  };
  struct Counts {
    std::array<std::uint64_t, kKinds.size()> answers{};
    std::uint64_t wrong = 0;   // replies that are not what the call wants, or come unasked
    std::uint64_t lost = 0;    // calls without an answer
    std::uint64_t closed = 0;  // connections that the server ended

    Counts& operator+=(const Counts& more);
    std::uint64_t right() const;
    std::uint64_t bad() const { return wrong + lost + closed; }
  };

  explicit Crowd(Plan plan);  // connects them all
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Calls until `more` says no (asked ten times a second), then until the last call is answered.
  void run(const std::function<bool()>& more);
  void leave();  // all of them, as each class does when it is polite
  const Counts& counts() const { return counts_; }

 private:
  struct Client;
  struct Class {
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<Client*> idle;
  };

  void open(Client& client) const;
  void call_somebody(Class& of);
  void receive(Client& client);
  void hear_one(Client& client, const Heard& heard);
  void over(Client& client);
  void report(const Client& client, const char* what, std::string_view detail);
  void find_lost();

  Plan plan_;
  Fd epoll_;
  std::array<Class, kKinds.size()> classes_;
  Counts counts_;
  std::size_t busy_ = 0;
  bool calling_ = false;
  std::uint64_t random_ = 88172645463325252U;
};

}  // namespace exai::load
