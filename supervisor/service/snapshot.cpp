#include "supervisor/service/snapshot.hpp"

#include <algorithm>
#include <limits>

#include "core/base/text.hpp"

namespace exai::service {

namespace {

constexpr int kVersion = 1;

json::object to_json(const config::StopPolicy& stop) {
  json::array steps;
  for (const config::StopStep& step : stop.steps)
    steps.push_back(json::object{{"signal", step.signal}, {"grace_ms", step.grace.count()}});
  return {{"steps", std::move(steps)}, {"total_ms", stop.total.count()}};
}

config::StopStep step_from(const json::object& object) {
  return {static_cast<int>(find_integer(object, "signal").value_or(SIGTERM)),
          Duration(find_integer(object, "grace_ms").value_or(10'000))};
}

// Earlier supervisors wrote one step, without a list.
config::StopPolicy stop_from(const json::object& object) {
  config::StopPolicy stop{{}, Duration(find_integer(object, "total_ms").value_or(0))};
  if (const json::array* steps = find_array(object, "steps"))
    for (const json::value& step : *steps)
      if (const auto* one = step.if_object()) stop.steps.push_back(step_from(*one));
  if (stop.steps.empty()) stop.steps.push_back(step_from(object));
  return stop;
}

json::object to_json(const ServiceRecord& record) {
  json::array needs;
  for (const std::string& need : record.needs) needs.emplace_back(need);
  json::object object{
      {"name", record.name},
      {"state", control::name(record.state)},
      {"since", format_utc(record.since)},
      {"cause", record.cause},
      {"wanted", record.wanted},
      {"spawning", record.spawning},
      {"proven", record.proven},
      {"restarts", record.restarts},
      {"last_exit", record.last_exit},
      {"last_restart_cause", record.last_restart_cause},
      {"needs", std::move(needs)},
      {"stop", to_json(record.stop)},
  };
  if (record.process)
    object["process"] = json::object{{"pid", record.process->pid},
                                     {"start_ticks", record.process->start_ticks}};
  if (record.started) object["started"] = format_utc(*record.started);
  if (record.last_run) object["last_run"] = format_utc(*record.last_run);
  if (record.ended_well) object["ended_well"] = *record.ended_well;
  return object;
}

std::optional<WallTime> time_in(const json::object& object, std::string_view key) {
  const auto text = find_string(object, key);
  return text ? parse_utc(*text) : std::nullopt;
}

std::optional<process::Identity> process_in(const json::object& object) {
  const json::object* process = find_object(object, "process");
  if (!process) return std::nullopt;
  const auto pid = find_integer(*process, "pid");
  const auto ticks = find_integer(*process, "start_ticks");
  if (!pid || *pid <= 0 || !ticks) return std::nullopt;
  return process::Identity{static_cast<pid_t>(*pid), static_cast<std::uint64_t>(*ticks)};
}

Result<ServiceRecord> record_from(const json::object& object) {
  const auto name = find_string(object, "name");
  const auto state = control::parse_state(find_string(object, "state").value_or(""));
  if (!name || name->empty() || !state)
    return fail(Errc::invalid, "a service without a name or with an unknown state");
  ServiceRecord record;
  record.name = *name;
  record.state = *state;
  record.since = time_in(object, "since").value_or(WallTime{});
  record.cause = find_string(object, "cause").value_or("");
  record.wanted = find_bool(object, "wanted").value_or(false);
  record.spawning = find_bool(object, "spawning").value_or(false);
  record.proven = find_bool(object, "proven").value_or(false);
  record.process = process_in(object);
  record.started = time_in(object, "started");
  record.restarts = static_cast<int>(find_integer(object, "restarts").value_or(0));
  record.last_exit = find_string(object, "last_exit").value_or("");
  record.last_restart_cause = find_string(object, "last_restart_cause").value_or("");
  if (const json::array* needs = find_array(object, "needs"))
    for (const json::value& need : *needs)
      if (need.is_string()) record.needs.emplace_back(need.get_string());
  if (const json::object* stop = find_object(object, "stop")) record.stop = stop_from(*stop);
  record.last_run = time_in(object, "last_run");
  record.ended_well = find_bool(object, "ended_well");
  return record;
}

}  // namespace

const ServiceRecord* Snapshot::find(std::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const auto& record) { return record.name == service; });
  return found == services.end() ? nullptr : &*found;
}

json::object to_json(const Snapshot& snapshot) {
  json::array services;
  for (const ServiceRecord& record : snapshot.services) services.push_back(to_json(record));
  json::object scaled;
  for (const auto& [name, count] : snapshot.scaled) scaled[name] = count;
  return {
      {"version", kVersion},
      {"boot_id", snapshot.boot_id},
      {"stack", snapshot.stack},
      {"environment", snapshot.environment},
      {"timezone", snapshot.timezone},
      {"last_event", snapshot.last_event},
      {"services", std::move(services)},
      {"scaled", std::move(scaled)},
  };
}

Result<Snapshot> snapshot_from(const json::object& object) {
  if (find_integer(object, "version") != kVersion)
    return fail(Errc::invalid, "not a snapshot of version {}", kVersion);
  const json::array* services = find_array(object, "services");
  if (!services) return fail(Errc::invalid, "a snapshot without services");
  Snapshot snapshot;
  snapshot.boot_id = find_string(object, "boot_id").value_or("");
  snapshot.stack = find_string(object, "stack").value_or("");
  snapshot.environment = find_string(object, "environment").value_or("");
  snapshot.timezone = find_string(object, "timezone").value_or("");
  snapshot.last_event =
      static_cast<std::uint64_t>(find_integer(object, "last_event").value_or(0));
  if (const json::object* scaled = find_object(object, "scaled"))
    for (const auto& [name, count] : *scaled)
      if (count.is_int64() && count.get_int64() >= 0 && count.get_int64() <= 1000)
        snapshot.scaled.emplace(name, static_cast<int>(count.get_int64()));
  for (const json::value& item : *services) {
    if (!item.is_object()) return fail(Errc::invalid, "a service that is no object");
    TRY(record, record_from(item.get_object()));
    snapshot.services.push_back(std::move(record));
  }
  return snapshot;
}

Result<Snapshot> read_snapshot(const Path& file) {
  TRY(text, read_file(file));
  auto object = parse_json_object(text);
  auto snapshot = object ? snapshot_from(*object) : fail(std::move(object).error());
  if (!snapshot) return fail(snapshot.error().within("reading " + file.string()));
  return snapshot;
}

Result<> write_snapshot(const Path& file, const Snapshot& snapshot) {
  return replace_file(file, to_text(to_json(snapshot)), 0600);
}

config::Service service_from(const ServiceRecord& record) {
  config::Service service;
  service.name = record.name;
  service.stop = record.stop;
  service.restart.when = config::RestartWhen::never;
  service.log.keep = std::numeric_limits<int>::max();  // what its file says is not known:
  service.log.max_age = 0ms;                           // nothing of its log goes
  for (const std::string& need : record.needs)
    service.needs.push_back({need, config::Condition::started, {}});
  return service;
}

}  // namespace exai::service
