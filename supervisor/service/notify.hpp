#pragma once
// What a service says about itself, as it would to systemd: datagrams at the unix socket that its
// NOTIFY_SOCKET names, in its private run folder.
//
//   READY=1            it works              STOPPING=1   it is on its way out
//   WATCHDOG=1         it is alive           WATCHDOG=trigger   it is not
//   STATUS=text        for people            MAINPID=n    another process is the service from now
//   on
//
// One datagram may say several of these, a line each; anything else is passed over, and so is a
// datagram over 4 KiB. The kernel says who sent it: whoever listens decides whom it believes.
//
// Thread: loop.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/loop.hpp"

namespace exai::service {

struct Notice {
  bool ready = false;
  bool stopping = false;
  bool alive = false;
  bool sick = false;
  std::optional<std::string> status;  // printable, of a length for a table
  std::optional<pid_t> main_pid;
  friend bool operator==(const Notice&, const Notice&) = default;
};
// Pure.
Notice parse_notice(std::string_view datagram);

class NotifySocket final {
 public:
  using Hear = std::function<void(const Notice& notice, pid_t sender)>;
  // Replaces a socket that an earlier supervisor left. Errors: invalid, when the path is too long
  // for a socket; those of the system.
  static Result<std::unique_ptr<NotifySocket>> open(const Path& path);
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // Until cancelled.
  Task<> run(Hear hear);
  // What is there now.
  void drain(const Hear& hear);

 private:
  explicit NotifySocket(Fd socket) : socket_(std::move(socket)) {}
  bool receive(const Hear& hear);

  Fd socket_;
};

}  // namespace exai::service
