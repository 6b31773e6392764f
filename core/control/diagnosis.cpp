#include "core/control/diagnosis.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::control {
namespace {

constexpr std::uint64_t kTooLittle = 100U << 20U;  // bytes: below, services soon fail to write

std::string failing(const std::optional<ProofStatus>& proof) {
  if (!proof || proof->detail.empty()) return {};
  if (proof->failures <= 1) return fmt::format("{}: {}", proof->check, proof->detail);
  return fmt::format("{}: {} ({} times)", proof->check, proof->detail, proof->failures);
}

json::object described(const Finding& finding) {
  return {{"area", name(finding.area)},
          {"level", name(finding.level)},
          {"service", finding.service},
          {"message", finding.message},
          {"fix", finding.fix}};
}

}  // namespace

std::string reason_text(const ServiceStatus& service) {
  switch (service.state) {
    case State::waiting:
      if (service.waiting_for.empty() || service.cause.starts_with("cannot start"))
        return service.cause;  // what it waits for will not come
      return "waiting for " + join(service.waiting_for, ", ");
    case State::starting: {
      const std::string check = failing(service.ready);
      if (in_trouble(service) && !check.empty()) return service.cause + "; " + check;
      return check.empty() ? service.cause : check;
    }
    case State::ready:
      return in_trouble(service) ? "not healthy: " + failing(service.healthy) : std::string();
    case State::stopped:
    case State::backoff:
    case State::stopping:
    case State::failed:
    case State::done:
    case State::scheduled:
      break;
  }
  return service.cause;
}

bool in_trouble(const ServiceStatus& service) {
  const bool comes_back = service.state == State::starting && service.restarts > 0;
  return service.state == State::failed || service.state == State::backoff || comes_back ||
         (service.state == State::ready && service.healthy &&
          service.healthy->standing == "failing");
}

Findings process_findings(const StackStatus& status, WallTime now) {
  Findings findings;
  for (const ServiceStatus& service : status.services) {
    const std::string state =
        fmt::format("{}: {} for {}", service.name, name(service.state), age(service.since, now));
    const std::string reason = reason_text(service);
    const std::string message = reason.empty() ? state : state + ": " + reason;
    const std::string logs = "exai logs " + service.name;
    if (in_trouble(service) || service.state == State::waiting)
      findings.push_back({Area::processes, Level::bad, service.name, message, logs});
    else if (service.state == State::stopped)
      findings.push_back(
          {Area::processes, Level::note, service.name, message, "exai up " + service.name});
    else
      findings.push_back({Area::processes, Level::ok, service.name, message, ""});
    if (service.restarts > 0)
      findings.push_back({Area::processes, Level::note, service.name,
                          fmt::format("{}: restarted {}, last: {}", service.name,
                                      count_of(static_cast<std::size_t>(service.restarts), "time"),
                                      service.last_restart_cause),
                          logs});
  }
  return findings;
}

Findings disk_findings(const std::string& folder, const DiskSpace& space) {
  const std::string message = fmt::format("{} of {} free for {}", format_size(space.available),
                                          format_size(space.total), folder);
  const bool full = space.available < kTooLittle || space.available < space.total / 100;
  const bool tight = space.available < space.total / 10;
  if (full)
    return {{Area::disk, Level::bad, "", "the disk is full: " + message,
             fmt::format("du -xh {} | sort -h | tail", folder)}};
  return {{Area::disk, tight ? Level::note : Level::ok, "", message, ""}};
}

Needs needs_of(const StackStatus& status) {
  Needs needs;
  for (const ServiceStatus& service : status.services) needs[service.name] = service.needs;
  return needs;
}

json::object report_json(const Findings& findings, const Needs& needs) {
  json::array all;
  for (const Finding& finding : findings) all.push_back(described(finding));
  json::value first = nullptr;
  const auto cause = first_cause(findings, needs);
  if (cause) {
    json::object object = described(findings[cause->finding]);
    json::array explains;
    for (const std::string& service : cause->explains) explains.emplace_back(service);
    object["explains"] = std::move(explains);
    first = std::move(object);
  }
  return {
      {"ok", !cause.has_value()}, {"first_cause", std::move(first)}, {"findings", std::move(all)}};
}

}  // namespace exai::control
