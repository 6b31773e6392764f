#pragma once
// The caller's side of the control socket. Blocking, with a deadline a call: the commands have
// nothing else to do. Thread: one at a time.
//
// Errors: unavailable (nobody listens: no supervisor), timeout, invalid (an answer we cannot read),
// not_found (unknown service, with the nearest name in the message), conflict (shutting down).

#include <string>
#include <vector>

#include "core/base/os.hpp"
#include "core/control/control.hpp"

namespace exai::control {

class Client {
 public:
  static Result<Client> connect(const Path& socket, Duration timeout = 2s);

  // Of each call from now on; `events` adds what it waits for. 10s unless told.
  void set_timeout(Duration timeout) { timeout_ = timeout; }

  // Of some services only, or of all.
  Result<StackStatus> status(const std::vector<std::string>& services = {});
  Result<StackStatus> up(const std::vector<std::string>& services);
  Result<StackStatus> start(const std::vector<std::string>& services);
  Result<StackStatus> stop(const std::vector<std::string>& services);
  Result<StackStatus> restart(const std::vector<std::string>& services);
  Result<StackStatus> signal(const std::vector<std::string>& services, const std::string& signal);
  Result<StackStatus> scale(const std::string& service, int replicas);
  Result<> down();
  Result<EventPage> events(std::uint64_t since, Duration wait);

 private:
  explicit Client(Fd socket) : socket_(std::move(socket)) {}
  Result<json::object> call(std::string_view method, json::object params, Duration timeout);
  Result<StackStatus> stack_of(std::string_view method, json::object params);

  Fd socket_;
  std::string buffer_;
  std::int64_t next_id_ = 1;
  Duration timeout_ = 10s;
};

}  // namespace exai::control
