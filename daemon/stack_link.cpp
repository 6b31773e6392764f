#include "daemon/stack_link.hpp"

#include <algorithm>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/control/client.hpp"
#include "core/control/diagnosis.hpp"
#include "core/logs/parts.hpp"

namespace exai {

namespace {

using tools::LogTail;
using tools::Stack;

constexpr Duration kPatience = 5s;
constexpr std::size_t kLongestLine = 8U << 10U;

Result<control::Client> connect(const Path& socket) {
  TRY(client, control::Client::connect(socket));
  client.set_timeout(kPatience);
  return client;
}

std::vector<std::string> named(const std::string& service) {
  if (service.empty()) return {};
  return {service};
}

LogTail::Line line_at(const std::vector<logs::Mark>& marks, std::uint64_t offset,
                      std::string_view text) {
  LogTail::Line line;
  line.text = std::string(text.substr(0, kLongestLine));
  if (text.size() > kLongestLine)
    line.text += fmt::format("… ({} more bytes)", text.size() - kLongestLine);
  if (const logs::Mark* mark = logs::mark_at(marks, offset)) {
    line.time = mark->time;
    line.stream = logs::name(mark->stream);
  }
  return line;
}

// The lines of the last `bytes` of a part.
Result<std::vector<LogTail::Line>> lines_of(logs::Part part, std::uint64_t& bytes, bool& whole) {
  TRY(reader, logs::PartReader::open(std::move(part)));
  const std::uint64_t size = reader.size();
  const std::uint64_t taken = std::min<std::uint64_t>(size, bytes);
  const std::vector<logs::Mark> marks = reader.marks();
  std::uint64_t offset = size - taken;
  const std::string text = reader.read(offset, static_cast<std::size_t>(taken));
  bytes -= taken;
  whole = offset == 0;
  std::string_view rest = text;
  if (!whole) {  // begins within a line
    const std::size_t cut = std::min(rest.find('\n'), rest.size() - 1) + 1;
    rest.remove_prefix(cut);
    offset += cut;
  }
  std::vector<LogTail::Line> lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(line_at(marks, offset, rest.substr(0, end)));
    const std::size_t step = std::min(end + 1, rest.size());
    rest.remove_prefix(step);
    offset += step;
  }
  return lines;
}

// What this daemon says of itself in its health report.
control::Findings own_findings(const json::object& health, const std::string& service) {
  using control::Level;
  control::Findings findings;
  const json::object* components = find_object(health, "components");
  if (components == nullptr) return findings;
  for (const auto& one : *components) {
    const json::object& component = one.value().as_object();
    const std::string status = find_string(component, "status").value_or("");
    const Level level = status == "fail" ? Level::bad : status == "warn" ? Level::note : Level::ok;
    const std::string fix = "exai logs " + (service.empty() ? "exaid" : service);
    findings.push_back({control::Area::dependencies, level, service,
                        fmt::format("{}: {}: {}", service.empty() ? "this daemon" : service,
                                    std::string_view(one.key()),
                                    find_string(component, "detail").value_or(status)),
                        level == Level::ok ? "" : fix});
  }
  return findings;
}

json::object examined(const Path& socket, const std::string& service, const json::object& health) {
  using control::Area;
  using control::Level;
  control::Findings findings;
  control::Needs needs;
  const Path folder = socket.parent_path();
  if (const auto space = disk_space(folder.string()))
    findings = control::disk_findings(folder.string(), *space);
  auto client = connect(socket);
  auto status = client ? client->states() : fail(client.error());
  if (status) {
    findings.push_back(
        {Area::engine, Level::ok, "",
         fmt::format("supervisor {} answers (pid {})", status->version, status->supervisor_pid),
         ""});
    needs = control::needs_of(*status);
    for (control::Finding& finding :
         control::process_findings(*status, std::chrono::system_clock::now()))
      findings.push_back(std::move(finding));
  } else {
    findings.push_back({Area::engine, Level::bad, "",
                        "the supervisor does not answer: " + status.error().message(),
                        "exai status, then exai up"});
  }
  for (control::Finding& finding : own_findings(health, service))
    findings.push_back(std::move(finding));
  return control::report_json(findings, needs);
}

}  // namespace

Result<LogTail> tail_of_log(const Path& log, std::size_t lines) {
  std::vector<logs::Part> parts = logs::parts_of(log);
  if (parts.empty()) return fail(Errc::not_found, "nothing has been logged yet");
  LogTail tail;
  std::uint64_t bytes = Stack::kMostBytes;
  bool whole = true;
  while (!parts.empty() && whole && bytes > 0 && tail.lines.size() < lines) {
    auto earlier = lines_of(std::move(parts.back()), bytes, whole);
    parts.pop_back();
    if (!earlier && tail.lines.empty()) return fail(earlier.error());
    if (!earlier) break;  // rotated away while we looked
    tail.lines.insert(tail.lines.begin(), std::make_move_iterator(earlier->begin()),
                      std::make_move_iterator(earlier->end()));
  }
  const std::size_t surplus = tail.lines.size() - std::min(tail.lines.size(), lines);
  tail.older_left = surplus > 0 || !whole || !parts.empty();
  tail.lines.erase(tail.lines.begin(), tail.lines.begin() + static_cast<std::ptrdiff_t>(surplus));
  return tail;
}

StackLink::StackLink(Loop& loop, Path socket, std::string own_service)
    : socket_(std::move(socket)), own_service_(std::move(own_service)), island_(loop, "stack") {}

Task<Result<json::object>> StackLink::status(std::string service) {
  const bool all = service.empty();
  std::function<Result<control::StackStatus>()> work =
      [socket = socket_, service = std::move(service)]() -> Result<control::StackStatus> {
    TRY(client, connect(socket));
    return client.status(named(service));
  };
  auto status = co_await island_.run(std::move(work));
  if (!status) co_return fail(status.error());
  if (all) {
    known_.clear();
    for (const control::ServiceStatus& one : status->services) known_.push_back(one.name);
  }
  co_return control::to_json(*status);
}

Task<Result<json::object>> StackLink::events(std::uint64_t since) {
  std::function<Result<control::EventPage>()> work = [socket = socket_,
                                                      since]() -> Result<control::EventPage> {
    TRY(client, connect(socket));
    return client.events(since, 0ms);
  };
  auto page = co_await island_.run(std::move(work));
  if (!page) co_return fail(page.error());
  co_return control::to_json(*page);
}

Task<Result<LogTail>> StackLink::log(std::string service, std::size_t lines) {
  const std::size_t most = std::min(lines, kMostLines);
  std::function<Result<LogTail>()> work = [socket = socket_, service = std::move(service),
                                           most]() -> Result<LogTail> {
    TRY(client, connect(socket));
    TRY(status, client.states({service}));
    if (status.services.empty() || status.services.front().log.empty())
      return fail(Errc::not_found, "{} has no log", service);
    return tail_of_log(status.services.front().log, most);
  };
  co_return co_await island_.run(std::move(work));
}

Task<Result<json::object>> StackLink::doctor(json::object health) {
  std::function<Result<json::object>()> work = [socket = socket_, service = own_service_,
                                                health = std::move(health)] {
    return Result<json::object>(examined(socket, service, health));
  };
  co_return co_await island_.run(std::move(work));
}

Task<Result<json::object>> StackLink::restart(std::string service) {
  std::function<Result<control::StackStatus>()> work =
      [socket = socket_, service = std::move(service)]() -> Result<control::StackStatus> {
    TRY(client, connect(socket));
    return client.restart({service});
  };
  auto status = co_await island_.run(std::move(work));
  if (!status) co_return fail(status.error());
  co_return control::to_json(*status);
}

}  // namespace exai
