// CMP015: a program that is told to use as much memory as its container is given, or more. The
// kernel kills it, and the log does not say why.

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

enum class Unit { bytes, megabytes, gigabytes, pages };

// A setting that says how much memory a program takes for the one thing it takes most for.
struct Setting {
  std::string_view option;  // "--maxmemory", "-Xmx": with "=", a blank, or nothing before its value
  std::string_view name;    // for people
  Unit unit = Unit::bytes;  // of a number alone
  double most = 0.95;       // the share of the container that leaves room for the rest
};
constexpr std::array kSettings = {
    Setting{"--maxmemory", "maxmemory", Unit::bytes, 0.8},  // a save copies what changes meanwhile
    Setting{"-Xmx", "-Xmx", Unit::bytes, 0.9},
    Setting{"--max-old-space-size", "--max-old-space-size", Unit::megabytes},
    Setting{"--max_old_space_size", "--max_old_space_size", Unit::megabytes},
    Setting{"shared_buffers", "shared_buffers", Unit::pages},
    Setting{"--shared_buffers", "shared_buffers", Unit::pages},
    Setting{"--innodb-buffer-pool-size", "innodb-buffer-pool-size"},
    Setting{"--innodb_buffer_pool_size", "innodb_buffer_pool_size"},
    Setting{"--memory-limit", "--memory-limit", Unit::megabytes},
    Setting{"--wiredTigerCacheSizeGB", "wiredTigerCacheSizeGB", Unit::gigabytes},
};

constexpr std::uint64_t kMega = 1024 * 1024;

std::uint64_t factor_of(Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return 1;
    case Unit::megabytes:
      return kMega;
    case Unit::gigabytes:
      return kMega * 1024;
    case Unit::pages:
      return 8192;  // PostgreSQL's
  }
  return 1;
}

// "4gb", "512M", "1.5G", "2GiB"; all of these programs mean powers of 1024.
std::optional<std::uint64_t> bytes_of(std::string_view text, Unit unit) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  const auto number = parse_number(text.substr(0, end));
  if (!number || *number <= 0 || *number > 1e15) return std::nullopt;
  const std::string suffix = to_lower(text.substr(end));
  if (suffix.empty())
    return static_cast<std::uint64_t>(*number * static_cast<double>(factor_of(unit)));
  const std::size_t scale = std::string_view("bkmgt").find(suffix[0]);
  const bool known = suffix.size() == 1 || suffix.substr(1) == "b" || suffix.substr(1) == "ib";
  if (scale == std::string_view::npos || !known) return std::nullopt;
  double bytes = *number;
  for (std::size_t i = 0; i < scale; ++i) bytes *= 1024;
  return static_cast<std::uint64_t>(bytes);
}

struct MemoryNeed {
  std::string name;
  std::uint64_t bytes = 0;
  double most = 0.95;
  Span span;
};

// The settings among the words of a command or of a variable such as JAVA_OPTS.
void needs_in(const std::vector<std::string>& words, const Span& whole,
              std::vector<MemoryNeed>& needs) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const Setting& setting : kSettings) {
      if (!words[i].starts_with(setting.option)) continue;
      std::string_view value = std::string_view(words[i]).substr(setting.option.size());
      const bool glued = setting.option == "-Xmx";
      if (value.starts_with('=') && !glued)
        value.remove_prefix(1);
      else if (value.empty() && !glued && i + 1 < words.size())
        value = words[i + 1];
      else if (!glued)
        continue;
      if (const auto bytes = bytes_of(value, setting.unit))
        needs.push_back({std::string(setting.name), *bytes, setting.most,
                         narrow(whole, value.data() == words[i].data() ? words[i] : value)});
    }
  }
}

std::vector<std::string> words_in(const std::vector<std::string>& texts) {
  std::vector<std::string> words;
  for (const std::string& text : texts)
    for (std::string& word : split(replace_all(text, "\n", " "), ' '))
      if (!word.empty()) words.push_back(std::move(word));
  return words;
}

bool holds_options(std::string_view name) {
  constexpr std::array<std::string_view, 11> kNames = {
      "JAVA_OPTS",     "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS",
      "ES_JAVA_OPTS",  "LS_JAVA_OPTS",      "JVM_OPTS",      "KAFKA_HEAP_OPTS",
      "CATALINA_OPTS", "NODE_OPTIONS",      "HEAP_OPTS"};
  return contains(kNames, name);
}

void needs_of_environment(const ComposeService& service, std::vector<MemoryNeed>& needs) {
  const auto is_about_memory = [](const std::string& name, const std::string&) {
    return holds_options(name) || name == "GOMEMLIMIT";
  };
  if (!has_variable(service, is_about_memory)) return;
  for (const EffectiveVariable& variable : effective_environment(service)) {
    const ComposeVariable& winner = variable.winner();
    if (!winner.value) continue;
    if (holds_options(variable.name)) needs_in(words_in({*winner.value}), winner.value_span, needs);
    if (variable.name == "GOMEMLIMIT")
      if (const auto bytes = bytes_of(*winner.value, Unit::bytes))
        needs.push_back({"GOMEMLIMIT", *bytes, 0.95, winner.value_span});
  }
}

// "maxmemory 4gb" in a redis.conf that is mounted from here.
void needs_of_files(const ComposeProject& project, const ComposeService& service,
                    const Facilities& world, std::vector<MemoryNeed>& needs) {
  for (const ComposeMount& mount : service.volumes) {
    const std::string name = mount.host_path.filename().string();
    if (mount.type != "bind" || (name != "redis.conf" && name != "valkey.conf")) continue;
    auto text = world.read(mount.host_path);
    if (!text) continue;
    const auto source = std::make_shared<const Source>(
        Source{mount.host_path.lexically_proximate(project.folder).string(), std::move(*text),
               mount.host_path});
    std::size_t at = 0;
    for (const std::string& line : split(source->text, '\n')) {
      const auto words = words_in({line});
      if (words.size() >= 2 && to_lower(words[0]) == "maxmemory")
        if (const auto bytes = bytes_of(trim(words[1]), Unit::bytes))
          needs.push_back(
              {"maxmemory", *bytes, 0.8, Places(source).span(at, at + trim(line).size())});
      at += line.size() + 1;
    }
  }
}

std::vector<MemoryNeed> needs_of(const ComposeProject& project, const ComposeService& service,
                                 const Facilities& world) {
  std::vector<MemoryNeed> needs;
  for (const auto* command : {&service.entrypoint, &service.command})
    if (command->has_value()) needs_in(words_in((*command)->words), (*command)->span, needs);
  needs_of_environment(service, needs);
  needs_of_files(project, service, world, needs);
  return needs;
}

void check(const ComposeService& service, const MemoryNeed& need, Findings& findings) {
  const Placed<std::uint64_t>& limit = *service.limits.memory;
  const auto room = static_cast<double>(limit.value) * need.most;
  const bool too_much = need.bytes >= limit.value;
  if (!too_much && static_cast<double>(need.bytes) <= room) return;
  Diagnostic& one = findings.add(
      "CMP015", need.span,
      fmt::format(
          "{} may take {} for {} alone, {} its container: the kernel kills it then", who(service),
          format_size(need.bytes), need.name,
          too_much ? (need.bytes == limit.value ? "all of" : "more than") : "and leaves little of"),
      fmt::format("set {} to {} or less, or raise the limit", need.name,
                  format_size(static_cast<std::uint64_t>(room))));
  one.related.push_back({limit.span, fmt::format("the limit, {}", format_size(limit.value))});
  one.subject = key_of(service, "memory");
  if (!too_much) {
    one.severity = Severity::warning;
    one.message =
        fmt::format("{} may take {} for {} alone, which leaves little of its container's {}",
                    who(service), format_size(need.bytes), need.name, format_size(limit.value));
  }
}

}  // namespace

void limits_below_needs(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services) {
    if (!service.limits.memory || service.limits.memory->value == 0) continue;
    for (const MemoryNeed& need : needs_of(*subject.project.compose, service, subject.world))
      check(service, need, findings);
  }
}

}  // namespace exai::config
