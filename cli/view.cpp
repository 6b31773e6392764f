#include "cli/view.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::cli {

using control::ProofStatus;
using control::ServiceStatus;
using control::StackStatus;
using control::State;

namespace {

// The worst first; among equals the file's order stays.
int severity(const ServiceStatus& service) {
  switch (service.state) {
    case State::failed:
      return 0;
    case State::backoff:
      return 1;
    case State::stopping:
      return 3;
    case State::waiting:
      return 4;
    case State::starting:
      return 5;
    case State::stopped:
    case State::done:
    case State::scheduled:
      return 6;
    case State::ready:
      return in_trouble(service) ? 2 : 7;
  }
  return 7;
}

std::string proof_of(const std::optional<ProofStatus>& proof) {
  if (!proof || !proof->age_ms) return {};
  return fmt::format("{} {} ago", proof->check, format_duration(Duration(*proof->age_ms)));
}

std::string port_numbers(const ServiceStatus& service) {
  std::vector<std::string> numbers;
  for (const control::PortStatus& port : service.ports)
    numbers.push_back(std::to_string(port.number));
  return join(numbers, " ");
}

std::string pid_text(const ServiceStatus& service) {
  return service.pid > 0 ? std::to_string(service.pid) : "-";
}

std::vector<Cell> status_notes(const ServiceStatus& service) {
  std::vector<Cell> notes;
  if (const std::string reason = reason_text(service); !reason.empty())
    notes.emplace_back(reason, in_trouble(service) ? Tone::bad : Tone::warn);
  if (const std::string proof = proof_text(service); !proof.empty())
    notes.emplace_back((service.state == State::ready ? "proof: " : "last proof: ") + proof,
                       Tone::dim);
  if (service.restarts > 0 && !service.last_restart_cause.empty())
    notes.emplace_back("last restart: " + service.last_restart_cause, Tone::warn);
  if (service.adopted) notes.emplace_back("taken over from an earlier supervisor", Tone::dim);
  return notes;
}

int restarts_before(const Baseline& baseline, const std::string& service) {
  const auto known = std::find_if(baseline.restarts.begin(), baseline.restarts.end(),
                                  [&](const auto& entry) { return entry.first == service; });
  return known == baseline.restarts.end() ? 0 : known->second;
}

Progress judge_within(const StackStatus& status, const ServiceStatus& service,
                      const Baseline& baseline, std::size_t depth) {
  switch (service.state) {
    case State::ready:
    case State::done:
    case State::scheduled:
      return Progress::ready;
    case State::failed:
      return Progress::failed;
    case State::stopped:
      // From before the question: it has not been started yet.
      if (service.last_exit.empty() || service.since < baseline.asked) return Progress::going;
      return service.last_exit == "exit code 0" ? Progress::ready : Progress::failed;
    case State::waiting:
      if (depth > status.services.size())
        return Progress::going;  // no endless walk, whatever comes
      for (const std::string& name : service.waiting_for) {
        const ServiceStatus* other = find_service(status, name);
        if (other && judge_within(status, *other, baseline, depth + 1) == Progress::failed)
          return Progress::failed;
      }
      return Progress::going;
    case State::starting:
    case State::backoff:
    case State::stopping:
      break;
  }
  const int restarted = service.restarts - restarts_before(baseline, service.name);
  return restarted >= kPatience ? Progress::failed : Progress::going;
}

}  // namespace

Tone tone_of(State state) {
  switch (state) {
    case State::ready:
    case State::done:
    case State::scheduled:
      return Tone::good;
    case State::failed:
    case State::backoff:
      return Tone::bad;
    case State::stopped:
      return Tone::dim;
    case State::waiting:
    case State::starting:
    case State::stopping:
      return Tone::warn;
  }
  return Tone::plain;
}

std::string size_text(const std::optional<std::int64_t>& bytes) {
  return bytes ? format_size(static_cast<std::uint64_t>(*bytes)) : "-";
}

std::string percent_text(const std::optional<double>& percent) {
  return percent ? fmt::format("{:.1f}%", *percent) : "-";
}

std::string proof_text(const ServiceStatus& service) {
  const std::string ready = proof_of(service.ready);
  const std::string healthy = proof_of(service.healthy);
  if (ready.empty() || healthy.empty()) return ready + healthy;
  if (service.ready->check != service.healthy->check) return ready + "; " + healthy;
  return *service.healthy->age_ms < *service.ready->age_ms ? healthy
                                                           : ready;  // one check: freshest
}

bool in_trouble(const StackStatus& status) {
  return std::any_of(status.services.begin(), status.services.end(),
                     [](const ServiceStatus& service) { return in_trouble(service); });
}

std::string headline(const StackStatus& status) {
  std::size_t ready = 0;
  std::vector<std::string> troubled;
  for (const ServiceStatus& service : status.services) {
    if (in_trouble(service))
      troubled.push_back(service.name);
    else if (is_as_wanted(service.state))
      ++ready;
  }
  std::string text = fmt::format("{} ({}): {} of {} ready", status.stack, status.environment, ready,
                                 count_of(status.services.size(), "service"));
  if (!troubled.empty()) text += "; in trouble: " + join(troubled, ", ");
  if (status.stopping) text += "; stopping";
  return text;
}

Cell state_cell(const ServiceStatus& service) {
  const bool sick = service.state == State::ready && in_trouble(service);
  return {sick ? "unhealthy" : std::string(control::name(service.state)),
          sick ? Tone::bad : tone_of(service.state)};
}

std::vector<ServiceStatus> worst_first(const StackStatus& status) {
  std::vector<ServiceStatus> services = status.services;
  std::stable_sort(services.begin(), services.end(),
                   [](const auto& a, const auto& b) { return severity(a) < severity(b); });
  return services;
}

Table status_table(const StackStatus& status, WallTime now) {
  Table table{{{"SERVICE"},
               {"STATE"},
               {"SINCE", Align::right},
               {"RESTARTS", Align::right},
               {"PID", Align::right},
               {"PORTS"},
               {"MEMORY", Align::right},
               {"CPU", Align::right}},
              {},
              0};
  for (const ServiceStatus& service : worst_first(status)) {
    table.rows.push_back({{{service.name, Tone::strong},
                           state_cell(service),
                           age(service.since, now),
                           std::to_string(service.restarts),
                           pid_text(service),
                           port_numbers(service),
                           size_text(service.resident_bytes),
                           percent_text(service.cpu_percent)},
                          status_notes(service)});
  }
  return table;
}

Table progress_table(const StackStatus& status, WallTime now, std::size_t rows) {
  Table table{{{""}, {""}, {"", Align::right}, {""}}, {}, 3};
  const bool all = status.services.size() <= rows;
  std::size_t hidden = 0;
  for (const ServiceStatus& service : status.services) {
    if (!all && (service.state == State::ready || table.rows.size() == rows)) {
      ++hidden;
      continue;
    }
    const std::string reason = reason_text(service);
    table.rows.push_back({{{service.name, Tone::strong},
                           state_cell(service),
                           age(service.since, now),
                           reason.empty() ? proof_text(service) : reason}});
  }
  if (hidden > 0) table.rows.push_back({{Cell(fmt::format("+ {}", hidden), Tone::dim), "others"}});
  return table;
}

Table summary_table(const StackStatus& status) {
  Table table{{{"SERVICE"}, {"STATE"}, {"PORTS"}, {"PID", Align::right}, {"PROOF"}}, {}, 4};
  for (const ServiceStatus& service : status.services) {
    std::vector<std::string> ports;
    for (const control::PortStatus& port : service.ports)
      ports.push_back(fmt::format("{} {}", port.name, port.number));
    std::string proof = proof_text(service);
    if (proof.empty()) proof = reason_text(service);
    if (proof.empty()) proof = service.cause;  // "started; it has no check"
    table.rows.push_back({{{service.name, Tone::strong},
                           state_cell(service),
                           join(ports, ", "),
                           pid_text(service),
                           proof}});
  }
  return table;
}

std::vector<std::string> connections(const config::Stack& stack) {
  std::vector<std::string> lines;
  for (const config::Service& service : stack.services) {
    if (!service.ready || service.ready->kind != "mcp") continue;
    lines.push_back("MCP        " + config::url_of(*service.ready, "/mcp"));
    lines.push_back("WebSocket  ws" + config::url_of(*service.ready, "/ws").substr(4));
    const std::string token = service.ready->setting("token");
    const auto value = stack.variables.find(token);
    if (value != stack.variables.end() && !value->second.value.empty())
      lines.push_back(fmt::format("           with Authorization: Bearer ${}", token));
    for (const config::PortBinding& port : service.ports)
      if (port.name == "health" || port.name == "metrics")
        lines.push_back(
            fmt::format("{:<10} http://127.0.0.1:{}/{}", port.name, port.number, port.name));
  }
  return lines;
}

std::string event_line(const control::Event& event, const StackStatus& status) {
  if (event.service.empty()) return fmt::format("{}: {}", status.stack, event.cause);
  const std::string& who = event.service;
  const std::string state(control::name(event.to));
  std::string line = fmt::format("{}: {}", who, state);
  const ServiceStatus* service = find_service(status, event.service);
  if (event.to == State::ready && service && service->ready && service->ready->age_ms)
    return line + fmt::format(" ({} in {})", service->ready->check,
                              format_duration(Duration(service->ready->took_ms)));
  if (event.cause.empty()) return line;
  // "stopped: exit code 0" says the state itself.
  return event.cause.starts_with(state) ? who + ": " + event.cause : line + ": " + event.cause;
}

Baseline baseline_of(const StackStatus& status, WallTime asked) {
  Baseline baseline{asked, {}};
  for (const ServiceStatus& service : status.services)
    baseline.restarts.emplace_back(service.name, service.restarts);
  return baseline;
}

Progress judge(const StackStatus& status, const ServiceStatus& service, const Baseline& baseline) {
  return judge_within(status, service, baseline, 0);
}

const ServiceStatus* find_service(const StackStatus& status, std::string_view name) {
  const auto found =
      std::find_if(status.services.begin(), status.services.end(),
                   [&](const ServiceStatus& service) { return service.name == name; });
  return found == status.services.end() ? nullptr : &*found;
}

}  // namespace exai::cli
