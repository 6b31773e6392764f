#include "cli/resources.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "cli/view.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

namespace {

using control::ServiceStatus;

struct Resource {
  std::string_view title;
  std::string (*text)(const ServiceStatus& service);
};

std::string count(const std::optional<std::int64_t>& number) {
  return number.value_or(0) > 0 ? std::to_string(*number) : "-";
}

// What the whole tree of a service takes; "-" stands for what is not known or not there.
constexpr std::array kTaken{
    Resource{"CPU", [](const ServiceStatus& s) { return percent_text(s.cpu_percent); }},
    Resource{"MEMORY", [](const ServiceStatus& s) { return size_text(s.resident_bytes); }},
};
constexpr std::array kTakenToo{
    Resource{"PROCESSES", [](const ServiceStatus& s) { return count(s.processes); }},
    Resource{"THREADS", [](const ServiceStatus& s) { return count(s.threads); }},
    Resource{"FILES", [](const ServiceStatus& s) { return count(s.descriptors); }},
    Resource{"READ", [](const ServiceStatus& s) { return size_text(s.read_bytes); }},
    Resource{"WRITTEN", [](const ServiceStatus& s) { return size_text(s.written_bytes); }},
};

void add_titles(Table& table, std::span<const Resource> resources) {
  for (const Resource& resource : resources)
    table.columns.push_back({std::string(resource.title), Align::right});
}

void add_cells(std::vector<Cell>& cells, const ServiceStatus& service,
               std::span<const Resource> resources) {
  for (const Resource& resource : resources)
    cells.emplace_back(service.pid > 0 ? resource.text(service) : "-");
}

std::string pid_text(const ServiceStatus& service) {
  return service.pid > 0 ? std::to_string(service.pid) : "-";
}

// Of the freshest proof there is.
std::string proof_age(const ServiceStatus& service) {
  std::optional<std::int64_t> freshest;
  for (const auto* proof : {&service.ready, &service.healthy})
    if (*proof && (*proof)->age_ms)
      freshest = std::min(freshest.value_or(*(*proof)->age_ms), *(*proof)->age_ms);
  return freshest ? format_duration(Duration(*freshest)) : "-";
}

}  // namespace

Table live_table(const std::vector<ServiceStatus>& services, WallTime now) {
  Table table{{{"SERVICE"},
               {"STATE"},
               {"SINCE", Align::right},
               {"PROOF", Align::right},
               {"RESTARTS", Align::right},
               {"PID", Align::right}},
              {},
              0};
  add_titles(table, kTaken);
  table.flexible = table.columns.size();
  table.columns.push_back({"WHY"});
  for (const ServiceStatus& service : services) {
    std::vector<Cell> cells = {{service.name, Tone::strong},     state_cell(service),
                               age(service.since, now),          proof_age(service),
                               std::to_string(service.restarts), pid_text(service)};
    add_cells(cells, service, kTaken);
    cells.emplace_back(reason_text(service), in_trouble(service) ? Tone::bad : Tone::dim);
    table.rows.push_back({std::move(cells)});
  }
  return table;
}

std::vector<std::string> sort_orders() {
  return {"cpu", "memory", "restarts", "name"};
}

std::vector<ServiceStatus> sorted_by(const std::string& order, const control::StackStatus& status) {
  std::vector<ServiceStatus> services = status.services;
  const auto before = [&](const ServiceStatus& a, const ServiceStatus& b) {
    if (order == "memory") return a.resident_bytes > b.resident_bytes;
    if (order == "restarts") return a.restarts > b.restarts;
    if (order == "name") return a.name < b.name;
    return a.cpu_percent > b.cpu_percent;
  };
  std::stable_sort(services.begin(), services.end(), before);
  return services;
}

Table top_table(const std::vector<ServiceStatus>& services) {
  Table table{{{"SERVICE"}, {"STATE"}, {"PID", Align::right}}, {}, 0};
  add_titles(table, kTaken);
  add_titles(table, kTakenToo);
  table.columns.push_back({"RESTARTS", Align::right});
  for (const ServiceStatus& service : services) {
    std::vector<Cell> cells = {
        {service.name, Tone::strong}, state_cell(service), pid_text(service)};
    add_cells(cells, service, kTaken);
    add_cells(cells, service, kTakenToo);
    cells.emplace_back(std::to_string(service.restarts));
    table.rows.push_back({std::move(cells)});
  }
  return table;
}

}  // namespace exai::cli
