#pragma once
// What exai-supervisor tells whoever started it, by systemd's protocol: READY=1 as soon as nothing
// of the stack is on its way any more, STATUS=… whenever that line changes, WATCHDOG=1 twice in
// each period that it was given, STOPPING=1 when the stack goes down. Started by anybody else
// (without NOTIFY_SOCKET) it says nothing.
//
// A service that failed does not keep the stack from being ready: systemd would end those that
// work.
//
// Thread: loop. Messages that cannot be delivered are dropped; nothing here fails.

#include <optional>
#include <string>

#include "core/base/loop.hpp"
#include "core/control/control.hpp"

namespace exai {

class Notifier {
 public:
  // NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment.
  explicit Notifier(const Environment& environment);

  bool wanted() const { return static_cast<bool>(socket_); }
  std::optional<Duration> pace() const { return pace_; }  // of the watchdog

  // To be called with each status that is looked at; sends what has changed since the last one.
  void tell(const control::StackStatus& status);
  void watchdog() { send("WATCHDOG=1"); }
  void stopping() { send("STOPPING=1\nSTATUS=stopping the services"); }

 private:
  void send(const std::string& text) const;

  Fd socket_;
  std::string address_;
  std::optional<Duration> pace_;
  std::string told_;
  bool ready_ = false;
};

// "3 of 4 services are ready; web has failed"
std::string status_line(const control::StackStatus& status);
// Nothing is on its way any more: each service has come to where it stays, for better or worse.
bool has_settled(const control::StackStatus& status);

}  // namespace exai
