#pragma once
// The caller's side of the control socket. Blocking, with a deadline a call: the commands have
// nothing else to do. Thread: one at a time. A supervisor that is replaced by another one hangs up:
// what does the same when it is asked twice is then asked again, of its successor.
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
  // The same without what they use, which takes a look at each; for whoever only watches.
  Result<StackStatus> states(const std::vector<std::string>& services = {});
  Result<StackStatus> up(const std::vector<std::string>& services);
  Result<StackStatus> start(const std::vector<std::string>& services);
  Result<StackStatus> stop(const std::vector<std::string>& services);
  Result<StackStatus> restart(const std::vector<std::string>& services);
  Result<StackStatus> signal(const std::vector<std::string>& services, const std::string& signal);
  Result<StackStatus> scale(const std::string& service, int replicas);
  // Reading the stack file and its secrets may take a while.
  Result<Reloaded> reload(bool dry_run);
  // Gives the version that takes over.
  Result<std::string> upgrade(const std::string& program);
  Result<Stopping> down();
  Result<EventPage> events(std::uint64_t since, Duration wait);

 private:
  Client(Fd socket, Path path) : socket_(std::move(socket)), path_(std::move(path)) {}
  Result<json::object> call(std::string_view method, json::object params, Duration timeout);
  Result<json::object> ask(std::string_view method, json::object params, Duration timeout);
  Result<StackStatus> stack_of(std::string_view method, json::object params);

  Fd socket_;
  Path path_;
  std::string buffer_;
  std::int64_t next_id_ = 1;
  Duration timeout_ = 10s;
};

}  // namespace exai::control
