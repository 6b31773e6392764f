#include "cli/unit_file.hpp"

#include <algorithm>
#include <map>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr Duration kKillLimit = 10s;  // for what is left after the grace of one service
constexpr std::size_t kDeepest = 1000;

Duration longest_stop(const config::StopPolicy& stop) {
  Duration all = 0ms;
  for (const config::StopStep& step : stop.steps) all += step.grace;
  return stop.total > 0ms ? std::min(all, stop.total) : all;
}

// The time from the first signal until the service and all that needs it have stopped.
Duration stop_time(const config::Stack& stack, const std::string& name,
                   std::map<std::string, Duration>& known, std::size_t depth) {
  if (const auto found = known.find(name); found != known.end()) return found->second;
  const config::Service* service = stack.find(name);
  if (service == nullptr || depth > kDeepest) return 0ms;
  Duration before = 0ms;
  for (const config::Service& other : stack.services)
    for (const config::Need& need : other.needs)
      if (need.service == name)
        before = std::max(before, stop_time(stack, other.name, known, depth + 1));
  return known[name] = before + longest_stop(service->stop) + kKillLimit;
}

std::string one_line(const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

Duration stop_limit(const config::Stack& stack) {
  std::map<std::string, Duration> known;
  Duration longest = kKillLimit;
  for (const config::Service& service : stack.services)
    longest = std::max(longest, stop_time(stack, service.name, known, 0));
  return longest;
}

std::string unit_word(std::string_view word, Place place) {
  std::string text;
  bool plain = !word.empty();
  for (const char c : word) {
    if (c == '%' || (c == '$' && place == Place::command)) text += c;
    if (c == '"' || c == '\\') text += '\\';
    const bool usual = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/._-+:@,=%$").find(c) != std::string_view::npos;
    plain = plain && usual;
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return plain ? text : '"' + text + '"';
}

std::string unit_text(const UnitFile& unit) {
  const std::string file = unit_word(unit.stack.file.string());
  const auto seconds = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count() + 1;
  };
  const std::string who = unit.user.empty() ? "" : fmt::format("User={}\n", unit.user);
  return fmt::format(
      "# Made by: exai export systemd. The stack is {0}.\n"
      "[Unit]\n"
      "Description=EXAI stack {1} ({2})\n"
      "Wants=network-online.target\n"
      "After=network-online.target\n"
      "\n"
      "[Service]\n"
      "Type=notify\n"
      "ExecStart={3} --file {0} --env {4} --up\n"
      "ExecReload={5} reload --file {0} --env {4}\n"
      "Environment={6}\n"
      "{7}"
      "# Services outlive a supervisor that dies: the next one takes them over as they are.\n"
      "KillMode=process\n"
      "Restart=on-failure\n"
      "RestartSec=1\n"
      "# A service that never gets ready is the supervisor's business, which says so.\n"
      "TimeoutStartSec=infinity\n"
      "TimeoutStopSec={8}\n"
      "WatchdogSec=30\n"
      "# Each service has a control group of its own below this unit's.\n"
      "Delegate=yes\n"
      "TasksMax=infinity\n"
      "\n"
      "[Install]\n"
      "WantedBy={9}\n",
      file, one_line(unit.stack.name), one_line(unit.stack.environment), unit_word(unit.supervisor),
      unit_word(unit.stack.environment), unit_word(unit.exai),
      unit_word("EXAI_STATE_DIR=" + unit.state, Place::setting), who,
      seconds(stop_limit(unit.stack)), unit.user.empty() ? "default.target" : "multi-user.target");
}

}  // namespace exai::cli
