#include "supervisor/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/base/text.hpp"

namespace exai {

namespace {

using control::ServiceStatus;
using control::State;

bool is_on_its_way(const ServiceStatus& service) {
  return service.state == State::waiting || service.state == State::starting ||
         service.state == State::stopping;
}

}  // namespace

Notifier::Notifier(const Environment& environment)
    : address_(value_or_empty(environment, "NOTIFY_SOCKET")) {
  const bool known = address_.starts_with('/') || address_.starts_with('@');
  if (!known || address_.size() >= sizeof(sockaddr_un::sun_path)) return;
  socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::string pid = value_or_empty(environment, "WATCHDOG_PID");
  const auto period = parse_integer(value_or_empty(environment, "WATCHDOG_USEC"));
  const bool for_us = pid.empty() || parse_integer(pid) == ::getpid();
  if (period && *period > 1 && for_us) pace_ = std::max(Duration(1), Duration(*period / 1000 / 2));
}

void Notifier::send(const std::string& text) const {
  if (!socket_) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  if (address_.front() == '@') address.sun_path[0] = '\0';  // an abstract one
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  ::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL, name, size);
}

void Notifier::tell(const control::StackStatus& status) {
  if (!socket_) return;
  std::string text;
  if (!ready_ && has_settled(status)) {
    ready_ = true;
    text = "READY=1\n";
  }
  const std::string line = status_line(status);
  if (text.empty() && line == told_) return;
  told_ = line;
  send(text + "STATUS=" + line);
}

std::string status_line(const control::StackStatus& status) {
  const auto& services = status.services;
  const auto well = std::count_if(services.begin(), services.end(), [](const auto& service) {
    return control::is_as_wanted(service.state);
  });
  std::string line = fmt::format("{} of {} {} ready", well, services.size(),
                                 services.size() == 1 ? "service is" : "services are");
  std::vector<std::string> failed;
  for (const ServiceStatus& service : services)
    if (service.state == State::failed || service.state == State::backoff)
      failed.push_back(service.name);
  if (!failed.empty()) line += "; in trouble: " + join(failed, ", ");
  return line;
}

bool has_settled(const control::StackStatus& status) {
  return std::none_of(status.services.begin(), status.services.end(), is_on_its_way);
}

}  // namespace exai
