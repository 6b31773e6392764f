// CMP022: a service that is killed while it still finishes what it does.

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/yaml_edits.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

constexpr Duration kDockerGrace = 10s;

struct Operation {
  std::string name;
  Duration longest{};
  Span span;
};

// SHUTDOWN_TIMEOUT, GRACEFUL_SHUTDOWN_SECONDS, DRAIN_TIMEOUT_MS, …
bool is_about_the_end(std::string_view name) {
  constexpr std::array<std::string_view, 5> kEnds = {"SHUTDOWN", "GRACEFUL", "DRAIN", "TERMINATION",
                                                     "STOP"};
  constexpr std::array<std::string_view, 7> kTimes = {"TIMEOUT", "SECS", "SECONDS", "GRACE",
                                                      "PERIOD",  "WAIT", "MS"};
  const auto words = split(name, '_');
  const auto in_name = [&](std::string_view word) { return contains(words, word); };
  return std::any_of(kEnds.begin(), kEnds.end(), in_name) &&
         std::any_of(kTimes.begin(), kTimes.end(), in_name);
}

std::optional<Duration> time_of(std::string_view name, std::string_view text) {
  constexpr std::int64_t kLongest = 7 * 24 * 3600;
  const auto number = parse_integer(text);
  if (!number) {
    const auto duration = parse_duration(text);
    return duration ? std::optional(*duration) : std::nullopt;
  }
  const auto words = split(name, '_');
  const bool milliseconds = contains(words, "MS") || contains(words, "MILLIS");
  if (*number <= 0 || *number > kLongest * (milliseconds ? 1000 : 1)) return std::nullopt;
  return milliseconds ? Duration(*number) : Duration(*number * 1000);
}

// --graceful-timeout 60, --timeout-graceful-shutdown=60, --time-limit 300
void operations_of_command(const ComposeCommand& command, std::vector<Operation>& operations) {
  constexpr std::array<std::string_view, 6> kOptions = {
      "--graceful-timeout", "--timeout-graceful-shutdown", "--shutdown-timeout", "--drain-timeout",
      "--time-limit",       "--graceful-shutdown-timeout"};
  std::vector<std::string> words;
  for (const std::string& text : command.words)
    for (std::string& word : split(text, ' '))
      if (!word.empty()) words.push_back(std::move(word));
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string option = words[i].substr(0, words[i].find('='));
    if (!contains(kOptions, option)) continue;
    std::string value;
    if (option.size() < words[i].size())
      value = words[i].substr(option.size() + 1);
    else if (i + 1 < words.size())
      value = words[i + 1];
    if (const auto time = time_of(option, value))
      operations.push_back({option, *time, narrow(command.span, words[i])});
  }
}

void operations_of_environment(const ComposeService& service, std::vector<Operation>& operations) {
  const auto tells = [](const std::string& name, const std::string&) {
    return is_about_the_end(name);
  };
  if (!has_variable(service, tells)) return;
  for (const EffectiveVariable& variable : effective_environment(service)) {
    const ComposeVariable& winner = variable.winner();
    if (!winner.value || !is_about_the_end(variable.name)) continue;
    if (const auto time = time_of(variable.name, *winner.value))
      operations.push_back({variable.name, *time, winner.value_span});
  }
}

std::optional<Operation> longest_of(const ComposeService& service) {
  std::vector<Operation> operations;
  operations_of_environment(service, operations);
  for (const auto* command : {&service.entrypoint, &service.command})
    if (command->has_value()) operations_of_command(**command, operations);
  if (operations.empty()) return std::nullopt;
  return *std::max_element(
      operations.begin(), operations.end(),
      [](const Operation& a, const Operation& b) { return a.longest < b.longest; });
}

std::optional<Fix> grace_fix(const ComposeProject& project, const ComposeService& service,
                             const std::string& wanted) {
  Fix fix;
  fix.changes.push_back(change_of(service, "stop_grace_period", wanted));
  fix.title = "give it the time";
  if (service.stop_grace_period) {
    if (own_member(project, service, "stop_grace_period") == nullptr) return std::nullopt;
    fix.edits.push_back(replace(service.stop_grace_period->span, wanted));
    return fix;
  }
  auto edit = first_in_block(service.span, {"stop_grace_period: " + wanted});
  if (!edit) return std::nullopt;
  fix.edits.push_back(std::move(*edit));
  return fix;
}

}  // namespace

void hasty_stops(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    const auto operation = longest_of(service);
    if (!operation) continue;
    const auto& given = service.stop_grace_period;
    const Duration grace = given ? given->value : kDockerGrace;
    if (grace > operation->longest) continue;
    const Span span = given ? given->span : operation->span;
    if (!once(span)) continue;
    const std::string wanted = fmt::format(
        "{}s", std::chrono::ceil<std::chrono::seconds>(operation->longest + 5s).count());
    Diagnostic& one = findings.add(
        "CMP022", span,
        fmt::format("Docker kills {} {} after it has asked it to end{}, but {} lets it work for {}",
                    who(service), format_duration(grace), given ? "" : " (its default)",
                    operation->name, format_duration(operation->longest)),
        "write stop_grace_period: " + wanted);
    if (given) one.related.push_back({operation->span, "how long it may take"});
    one.subject = key_of(service, "stop_grace_period");
    one.fix = grace_fix(*subject.project.compose, service, wanted);
  }
}

}  // namespace exai::config
