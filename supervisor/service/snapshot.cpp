#include "supervisor/service/snapshot.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>

#include "core/base/text.hpp"

namespace exai::service {

namespace {

constexpr int kVersion = 1;
constexpr std::int64_t kMostAttempts = 1'000'000;

// With one call; a disk that takes a part of it only is full.
Result<> write_whole(const Fd& fd, std::string_view text, const Path& path) {
  for (;;) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count == static_cast<ssize_t>(text.size())) return {};
    if (count >= 0) return fail(Errc::unavailable, "writing {}: the disk is full", path.string());
    if (errno != EINTR) return fail(errno_error(errno, "writing " + path.string()));
  }
}

std::int64_t ticks(Time time) {
  return time.time_since_epoch().count();
}

std::optional<Time> steady_in(const json::object& object, std::string_view key) {
  const auto number = find_integer(object, key);
  return number ? std::optional(Time(Time::duration(*number))) : std::nullopt;
}

}  // namespace

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
    object["process"] =
        json::object{{"pid", record.process->pid}, {"start_ticks", record.process->start_ticks}};
  if (record.started) object["started"] = format_utc(*record.started);
  if (record.last_run) object["last_run"] = format_utc(*record.last_run);
  if (record.ended_well) object["ended_well"] = *record.ended_well;
  if (!record.making.empty()) object["making"] = record.making;
  if (record.attempt > 0) object["attempt"] = record.attempt;
  if (!record.restart_times.empty()) {
    json::array times;
    for (const Time time : record.restart_times) times.emplace_back(ticks(time));
    object["restart_times"] = std::move(times);
  }
  if (record.ready_since) object["ready_since"] = ticks(*record.ready_since);
  if (record.wake) object["wake"] = ticks(*record.wake);
  return object;
}

namespace {

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
  record.making = find_string(object, "making").value_or("");
  record.attempt = static_cast<int>(
      std::clamp<std::int64_t>(find_integer(object, "attempt").value_or(0), 0, kMostAttempts));
  if (const json::array* times = find_array(object, "restart_times"))
    for (const json::value& time : *times)
      if (time.is_int64()) record.restart_times.emplace_back(Time::duration(time.get_int64()));
  record.ready_since = steady_in(object, "ready_since");
  record.wake = steady_in(object, "wake");
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

namespace {

json::array to_json(const std::vector<ServiceRecord>& records) {
  json::array list;
  for (const ServiceRecord& record : records) list.push_back(to_json(record));
  return list;
}

json::object to_json(const Scale& scale) {
  json::object counts;
  for (const auto& [name, count] : scale) counts[name] = count;
  return counts;
}

Scale scale_from(const json::object& object) {
  Scale scale;
  if (const json::object* counts = find_object(object, "scaled"))
    for (const auto& [name, count] : *counts)
      if (count.is_int64() && count.get_int64() >= 0 && count.get_int64() <= config::kMostReplicas)
        scale.emplace(name, static_cast<int>(count.get_int64()));
  return scale;
}

}  // namespace

json::object to_json(const Snapshot& snapshot) {
  return {
      {"version", kVersion},
      {"boot_id", snapshot.boot_id},
      {"stack", snapshot.stack},
      {"environment", snapshot.environment},
      {"timezone", snapshot.timezone},
      {"last_event", snapshot.last_event},
      {"whole", snapshot.whole},
      {"scaled", to_json(snapshot.scaled)},
      {"services", to_json(snapshot.services)},
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
  snapshot.last_event = static_cast<std::uint64_t>(find_integer(object, "last_event").value_or(0));
  snapshot.whole = find_bool(object, "whole").value_or(false);
  snapshot.scaled = scale_from(object);
  for (const json::value& item : *services) {
    if (!item.is_object()) return fail(Errc::invalid, "a service that is no object");
    TRY(record, record_from(item.get_object()));
    snapshot.services.push_back(std::move(record));
  }
  return snapshot;
}

namespace {

// What a later line says counts.
Result<> add_changes(Snapshot& snapshot, const json::object& line) {
  const json::array* services = find_array(line, "services");
  if (!services) return fail(Errc::invalid, "a line without services");
  snapshot.last_event = static_cast<std::uint64_t>(
      find_integer(line, "last_event").value_or(static_cast<std::int64_t>(snapshot.last_event)));
  snapshot.whole = find_bool(line, "whole").value_or(snapshot.whole);
  if (find_object(line, "scaled")) snapshot.scaled = scale_from(line);
  for (const json::value& item : *services) {
    if (!item.is_object()) return fail(Errc::invalid, "a service that is no object");
    TRY(record, record_from(item.get_object()));
    const auto known =
        std::find_if(snapshot.services.begin(), snapshot.services.end(),
                     [&](const ServiceRecord& each) { return each.name == record.name; });
    if (known == snapshot.services.end())
      snapshot.services.push_back(std::move(record));
    else
      *known = std::move(record);
  }
  return {};
}

}  // namespace

Result<Snapshot> parse_snapshot(std::string_view text) {
  const std::size_t end = text.find('\n');
  const auto first = parse_json_object(text.substr(0, end));
  if (!first) {  // as it was written before: one object, on many lines
    TRY(object, parse_json_object(text));
    return snapshot_from(object);
  }
  TRY(snapshot, snapshot_from(*first));
  while (end != std::string_view::npos) {
    text.remove_prefix(std::min(text.size(), text.find('\n') + 1));
    if (text.empty()) break;
    const std::size_t next = text.find('\n');
    const auto line = parse_json_object(text.substr(0, next));
    if (next == std::string_view::npos || !line || !add_changes(snapshot, *line)) {
      snapshot.torn = true;
      break;
    }
  }
  return snapshot;
}

Result<Snapshot> read_snapshot(const Path& file) {
  TRY(text, read_file(file));
  auto snapshot = parse_snapshot(text);
  if (!snapshot) return fail(snapshot.error().within("reading " + file.string()));
  return snapshot;
}

// The name beside it is always the same: what a death leaves is overwritten, and gathers nowhere.
Result<> SnapshotFile::write_all(const Snapshot& snapshot) {
  fd_.reset();
  const Path fresh = path_.string() + ".new";
  const std::string text = to_text(to_json(snapshot)) + "\n";
  TRY(fd, open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600));
  if (auto written = write_whole(fd, text, fresh); !written) return written;
  if (std::rename(fresh.c_str(), path_.c_str()) != 0)
    return fail(errno_error(errno, "replacing " + path_.string()));
  fd_ = std::move(fd);
  whole_ = text.size();
  grown_ = 0;
  return {};
}

Result<> SnapshotFile::append(const Snapshot& changes) {
  const json::object line{{"last_event", changes.last_event},
                          {"whole", changes.whole},
                          {"scaled", to_json(changes.scaled)},
                          {"services", to_json(changes.services)}};
  const std::string text = to_text(line) + "\n";
  const auto written = write_whole(fd_, text, path_);
  if (!written) fd_.reset();  // it may be torn: all of it next time
  grown_ += text.size();
  return written;
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
