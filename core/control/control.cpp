#include "core/control/control.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"

namespace exai::control {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 9> kStates{{
    {State::stopped, "stopped"},
    {State::waiting, "waiting"},
    {State::starting, "starting"},
    {State::ready, "ready"},
    {State::backoff, "backoff"},
    {State::stopping, "stopping"},
    {State::failed, "failed"},
    {State::done, "done"},
    {State::scheduled, "scheduled"},
}};

// --- writing ---

template <class Number>
json::value optional_number(const std::optional<Number>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::value optional_time(const std::optional<WallTime>& time) {
  return time ? json::value(format_utc(*time)) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& items) {
  json::array array;
  for (const std::string& item : items) array.emplace_back(item);
  return array;
}

json::value proof(const std::optional<ProofStatus>& status) {
  if (!status) return nullptr;
  return json::object{
      {"check", status->check},
      {"standing", status->standing},
      {"detail", status->detail},
      {"took_ms", status->took_ms},
      {"age_ms", optional_number(status->age_ms)},
      {"failures", status->failures},
  };
}

json::array ports(const std::vector<PortStatus>& list) {
  json::array array;
  for (const PortStatus& port : list)
    array.push_back(json::object{{"name", port.name}, {"number", port.number}});
  return array;
}

// --- reading: a member that is absent or of another type leaves the default ---

void read(const json::object& from, std::string_view key, std::string& to) {
  if (auto text = find_string(from, key)) to = std::move(*text);
}

template <class Integer>
  requires std::is_integral_v<Integer>
void read(const json::object& from, std::string_view key, Integer& to) {
  const auto number = find_integer(from, key);
  if (number && std::in_range<Integer>(*number)) to = static_cast<Integer>(*number);
}

void read(const json::object& from, std::string_view key, bool& to) {
  if (const auto flag = find_bool(from, key)) to = *flag;
}

void read(const json::object& from, std::string_view key, State& to) {
  if (const auto state = parse_state(find_string(from, key).value_or(""))) to = *state;
}

void read(const json::object& from, std::string_view key, std::optional<WallTime>& to) {
  if (const auto text = find_string(from, key)) to = parse_utc(*text);
}

void read(const json::object& from, std::string_view key, WallTime& to) {
  std::optional<WallTime> time;
  read(from, key, time);
  if (time) to = *time;
}

void read(const json::object& from, std::string_view key, std::vector<std::string>& to) {
  const json::array* array = find_array(from, key);
  if (!array) return;
  for (const json::value& item : *array)
    if (item.is_string()) to.emplace_back(item.get_string());
}

void read(const json::object& from, std::string_view key, std::vector<PortStatus>& to) {
  const json::array* array = find_array(from, key);
  if (!array) return;
  for (const json::value& item : *array) {
    const json::object* object = item.if_object();
    if (!object) continue;
    PortStatus port;
    read(*object, "name", port.name);
    read(*object, "number", port.number);
    to.push_back(std::move(port));
  }
}

void read(const json::object& from, std::string_view key, std::optional<ProofStatus>& to) {
  const json::object* object = find_object(from, key);
  if (!object) return;
  ProofStatus status;
  read(*object, "check", status.check);
  read(*object, "standing", status.standing);
  read(*object, "detail", status.detail);
  read(*object, "took_ms", status.took_ms);
  status.age_ms = find_integer(*object, "age_ms");
  read(*object, "failures", status.failures);
  to = std::move(status);
}

ServiceStatus service_status_from(const json::object& object) {
  ServiceStatus status;
  read(object, "name", status.name);
  read(object, "state", status.state);
  read(object, "since", status.since);
  read(object, "cause", status.cause);
  read(object, "waiting_for", status.waiting_for);
  read(object, "ready", status.ready);
  read(object, "healthy", status.healthy);
  read(object, "pid", status.pid);
  read(object, "started", status.started);
  read(object, "adopted", status.adopted);
  read(object, "restarts", status.restarts);
  read(object, "last_exit", status.last_exit);
  read(object, "last_restart_cause", status.last_restart_cause);
  read(object, "ports", status.ports);
  read(object, "needs", status.needs);
  status.resident_bytes = find_integer(object, "resident_bytes");
  status.cpu_percent = find_number(object, "cpu_percent");
  status.processes = find_integer(object, "processes");
  status.threads = find_integer(object, "threads");
  status.descriptors = find_integer(object, "descriptors");
  status.read_bytes = find_integer(object, "read_bytes");
  status.written_bytes = find_integer(object, "written_bytes");
  read(object, "not_limited", status.not_limited);
  read(object, "said", status.said);
  read(object, "next_run", status.next_run);
  read(object, "log", status.log);
  read(object, "log_lines_dropped", status.log_lines_dropped);
  return status;
}

Event event_from(const json::object& object) {
  Event event;
  read(object, "sequence", event.sequence);
  read(object, "time", event.time);
  read(object, "service", event.service);
  read(object, "from", event.from);
  read(object, "to", event.to);
  read(object, "cause", event.cause);
  return event;
}

}  // namespace

std::string_view name(State state) {
  return kStates.at(static_cast<std::size_t>(state)).second;
}

std::optional<State> parse_state(std::string_view name) {
  const auto* found = std::find_if(kStates.begin(), kStates.end(),
                                   [&](const auto& entry) { return entry.second == name; });
  if (found == kStates.end()) return std::nullopt;
  return found->first;
}

std::vector<State> all_states() {
  std::vector<State> all;
  for (const auto& entry : kStates) all.push_back(entry.first);
  return all;
}

bool is_as_wanted(State state) {
  return state == State::ready || state == State::done || state == State::scheduled;
}

json::object to_json(const ServiceStatus& status) {
  return {
      {"name", status.name},
      {"state", name(status.state)},
      {"since", format_utc(status.since)},
      {"cause", status.cause},
      {"waiting_for", texts(status.waiting_for)},
      {"ready", proof(status.ready)},
      {"healthy", proof(status.healthy)},
      {"pid", status.pid},
      {"started", optional_time(status.started)},
      {"adopted", status.adopted},
      {"restarts", status.restarts},
      {"last_exit", status.last_exit},
      {"last_restart_cause", status.last_restart_cause},
      {"ports", ports(status.ports)},
      {"needs", texts(status.needs)},
      {"resident_bytes", optional_number(status.resident_bytes)},
      {"cpu_percent", optional_number(status.cpu_percent)},
      {"processes", optional_number(status.processes)},
      {"threads", optional_number(status.threads)},
      {"descriptors", optional_number(status.descriptors)},
      {"read_bytes", optional_number(status.read_bytes)},
      {"written_bytes", optional_number(status.written_bytes)},
      {"not_limited", texts(status.not_limited)},
      {"said", status.said},
      {"next_run", optional_time(status.next_run)},
      {"log", status.log},
      {"log_lines_dropped", status.log_lines_dropped},
  };
}

json::object to_json(const StackStatus& status) {
  json::array services;
  for (const ServiceStatus& service : status.services) services.push_back(to_json(service));
  return {
      {"protocol", status.protocol},
      {"version", status.version},
      {"stack", status.stack},
      {"environment", status.environment},
      {"timezone", status.timezone},
      {"stack_file", status.stack_file},
      {"fingerprint", status.fingerprint},
      {"supervisor_pid", status.supervisor_pid},
      {"supervisor_started", format_utc(status.supervisor_started)},
      {"stopping", status.stopping},
      {"last_event", status.last_event},
      {"containment", status.containment},
      {"reload",
       json::object{{"standing", status.reload.standing}, {"cause", status.reload.cause}}},
      {"services", std::move(services)},
  };
}

json::object to_json(const Event& event) {
  return {
      {"sequence", event.sequence}, {"time", format_utc(event.time)}, {"service", event.service},
      {"from", name(event.from)},   {"to", name(event.to)},           {"cause", event.cause},
  };
}

json::object to_json(const EventPage& page) {
  json::array events;
  for (const Event& event : page.events) events.push_back(to_json(event));
  return {{"events", std::move(events)}, {"last", page.last}, {"gap", page.gap}};
}

json::object to_json(const Stopping::Process& process) {
  return {{"service", process.service}, {"pid", process.pid}, {"start_ticks", process.start_ticks}};
}

json::object to_json(const Stopping& stopping) {
  json::array processes;
  for (const Stopping::Process& process : stopping.processes) processes.push_back(to_json(process));
  return {{"processes", std::move(processes)}, {"last_event", stopping.last_event}};
}

Result<StackStatus> stack_status_from(const json::object& object) {
  const json::array* services = find_array(object, "services");
  if (!services) return fail(Errc::invalid, "not the status of a stack: it has no \"services\"");
  StackStatus status;
  read(object, "protocol", status.protocol);
  read(object, "version", status.version);
  read(object, "stack", status.stack);
  read(object, "environment", status.environment);
  read(object, "timezone", status.timezone);
  read(object, "stack_file", status.stack_file);
  read(object, "fingerprint", status.fingerprint);
  read(object, "supervisor_pid", status.supervisor_pid);
  read(object, "supervisor_started", status.supervisor_started);
  read(object, "stopping", status.stopping);
  read(object, "last_event", status.last_event);
  read(object, "containment", status.containment);
  if (const json::object* reload = find_object(object, "reload")) {
    read(*reload, "standing", status.reload.standing);
    read(*reload, "cause", status.reload.cause);
  }
  status.services.reserve(services->size());
  for (const json::value& item : *services)
    if (const auto* service = item.if_object())
      status.services.push_back(service_status_from(*service));
  return status;
}

Result<EventPage> event_page_from(const json::object& object) {
  const json::array* events = find_array(object, "events");
  if (!events) return fail(Errc::invalid, "not a page of events: it has no \"events\"");
  EventPage page;
  read(object, "last", page.last);
  read(object, "gap", page.gap);
  for (const json::value& item : *events)
    if (const auto* event = item.if_object()) page.events.push_back(event_from(*event));
  return page;
}

Result<Stopping> stopping_from(const json::object& object) {
  const json::array* processes = find_array(object, "processes");
  if (!processes)
    return fail(Errc::invalid,
                "the supervisor does not say what it stops: it is older than this exai");
  Stopping stopping;
  read(object, "last_event", stopping.last_event);
  for (const json::value& item : *processes) {
    const json::object* given = item.if_object();
    if (!given) continue;
    Stopping::Process process;
    read(*given, "service", process.service);
    read(*given, "pid", process.pid);
    read(*given, "start_ticks", process.start_ticks);
    stopping.processes.push_back(std::move(process));
  }
  return stopping;
}

}  // namespace exai::control
