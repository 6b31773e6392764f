// CMP006…CMP009: healthchecks, and who waits for them.

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/yaml_edits.hpp"

namespace exai::config {

namespace {

// --- CMP006: a test that cannot fail ---

// An inline script that does nothing but end well.
bool is_empty_script(std::string_view program, const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 8> kScripts = {"pass",
                                                        "exit(0)",
                                                        "quit()",
                                                        "exit()",
                                                        "importsys;sys.exit(0)",
                                                        "importsys;sys.exit()",
                                                        "process.exit(0)",
                                                        "process.exit()"};
  const bool runs_text = program.starts_with("python") || program == "node";
  if (!runs_text || words.size() != 3 || (words[1] != "-c" && words[1] != "-e")) return false;
  std::string script;
  for (const char c : words[2])
    if (c != ' ' && c != '\n' && c != '\t') script += c;
  if (script.ends_with(';')) script.pop_back();
  return contains(kScripts, script) ||
         (script.starts_with("print(") && script.find(';') == script.npos);
}

// "/bin/true" → "true"; a path elsewhere is a program of somebody's own.
std::string_view plain_program(std::string_view word) {
  for (const std::string_view folder : {"/bin/", "/usr/bin/", "/usr/local/bin/"})
    if (word.starts_with(folder)) return word.substr(folder.size());
  return word;
}

bool always_succeeds(const ShellCommand& command) {
  constexpr std::array<std::string_view, 7> kHarmless = {"true",  ":",    "echo", "printf",
                                                         "sleep", "date", "pwd"};
  constexpr std::array<std::string_view, 5> kEndOfPipe = {"cat", "tee", "head", "tail", "wc"};
  if (command.redirected) return false;  // echo > /dev/tcp/localhost/80 is a real check
  const std::string_view program = plain_program(command.words.front());
  if (program == "exit") return command.words.size() == 2 && command.words[1] == "0";
  if (command.before == "|" && command.words.size() == 1 && contains(kEndOfPipe, program))
    return true;
  return contains(kHarmless, program) || is_empty_script(program, command.words);
}

// `a || true`, `a; exit 0`, `a | cat`: the last word decides.
bool list_always_succeeds(const std::vector<ShellCommand>& commands) {
  bool always = false;
  for (const ShellCommand& command : commands) {
    const bool here = always_succeeds(command);
    if (command.before == "||")
      always = always || here;
    else
      always = here;
  }
  return always;
}

// curl says 0 to a page that reports an error, unless it is told not to.
bool ignores_status(const std::vector<ShellCommand>& commands) {
  const auto is_end = [](const ShellCommand& one) {
    return one.before == "||" && (one.words.front() == "exit" || one.words.front() == "false");
  };
  if (commands.empty() || commands.front().words.front() != "curl") return false;
  if (!std::all_of(commands.begin() + 1, commands.end(), is_end)) return false;
  const auto& words = commands.front().words;
  return std::none_of(words.begin() + 1, words.end(), [](const std::string& word) {
    const bool is_short = word.size() > 1 && word[0] == '-' && word[1] != '-';
    return word.starts_with("--fail") || (is_short && word.find('f') != word.npos) ||
           word.find("telnet://") != word.npos;
  });
}

std::optional<std::vector<ShellCommand>> commands_of(const HealthTest& test) {
  if (const auto text = test.shell()) return shell_commands(*text);
  if (test.words.size() < 2) return std::nullopt;
  ShellCommand command;
  command.words.assign(test.words.begin() + 1, test.words.end());
  if (command.words.front() == "exit" || command.words.front() == ":") return std::nullopt;
  return std::vector{command};
}

int port_of(const ComposeService& service) {
  if (!service.ports.empty()) return service.ports.front().container.first;
  if (!service.expose.empty()) return service.expose.front().value.first;
  const auto stage = service.image_stage();
  return stage && !stage->ports.empty() ? stage->ports.front().first : 8080;
}

std::string sample_test(const ComposeService& service) {
  struct Sample {
    std::string_view image, test;
  };
  constexpr std::array kSamples = {
      Sample{"redis", R"(["CMD", "redis-cli", "ping"])"},
      Sample{"valkey", R"(["CMD", "valkey-cli", "ping"])"},
      Sample{"postgres", R"(["CMD", "pg_isready", "-U", "postgres"])"},
      Sample{"mysql", R"(["CMD", "mysqladmin", "ping", "-h", "127.0.0.1"])"},
      Sample{"mariadb", R"(["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"])"},
      Sample{"mongo", R"x(["CMD", "mongosh", "--quiet", "--eval", "db.adminCommand('ping')"])x"},
      Sample{"rabbitmq", R"(["CMD", "rabbitmq-diagnostics", "-q", "ping"])"},
  };
  if (const auto image = base_image(service); image && !service.build)
    for (const Sample& sample : kSamples)
      if (image->name() == sample.image) return std::string(sample.test);
  const int port = port_of(service);
  if (const auto image = base_image(service); image && image->name() == "python")
    return fmt::format(
        R"x(["CMD", "python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:{}/')"])x",
        port);
  return fmt::format(R"(["CMD", "wget", "-q", "--spider", "http://127.0.0.1:{}/"])", port);
}

void check_test(const ComposeService& service, const HealthTest& test, OncePerPlace& once,
                Findings& findings) {
  const auto commands = commands_of(test);
  if (!commands || commands->empty() || !once(test.span)) return;
  if (list_always_succeeds(*commands))
    findings
        .add("CMP006", test.span, fmt::format("{}'s healthcheck cannot fail", who(service)),
             "test what the service does, for example " + sample_test(service))
        .subject = key_of(service, "healthcheck");
  if (!ignores_status(*commands)) return;
  Diagnostic& one = findings.add(
      "CMP006", test.span,
      fmt::format("{}'s healthcheck takes an error page for an answer: curl ends with 0 "
                  "whatever the status is",
                  who(service)),
      "write curl -f");
  one.severity = Severity::warning;
  one.subject = key_of(service, "healthcheck");
}

bool needs_healthcheck(const ComposeService& service, const ServiceNames& jobs) {
  if (!service.enabled || service.healthcheck || jobs.contains(service.name)) return false;
  if (service.build && !service.build->parsed) return false;  // who knows what it says
  // An image of somebody else's may have one: that cannot be seen from here, and is rare.
  return has_healthcheck(service) != Known::yes;
}

// --- CMP007 ---

constexpr Duration kDockerInterval = 30s;
constexpr Duration kDockerTimeout = 30s;

// --- CMP008 ---

using Index = ServiceIndex;

bool waits_too_little(const Index& index, const ComposeDependency& dependency) {
  if (dependency.condition != ComposeCondition::started) return false;
  const ComposeService* target = find_service(index, dependency.service);
  return target != nullptr && has_healthcheck(*target) == Known::yes;
}

std::string condition_for(const Index& index, const ComposeDependency& dependency) {
  return waits_too_little(index, dependency) ? "service_healthy" : "service_started";
}

// depends_on: [a, b]
std::optional<Fix> flow_list_fix(const Index& index, const ComposeService& service,
                                 const Node& list) {
  std::string text;
  for (const ComposeDependency& dependency : service.depends_on)
    text += fmt::format("{}{}: {{ condition: {} }}", text.empty() ? "" : ", ", dependency.service,
                        condition_for(index, dependency));
  Fix fix;
  fix.edits.push_back(replace(list.span, "{ " + text + " }"));
  return fix;
}

// - a      becomes   a:
//                      condition: service_healthy
std::optional<Fix> block_list_fix(const Index& index, const ComposeService& service) {
  Fix fix;
  for (const ComposeDependency& dependency : service.depends_on) {
    const auto line = line_at(dependency.span);
    if (!line) return std::nullopt;
    const std::string_view text = dependency.span.source->text;
    const std::string_view words = text.substr(line->begin, line->end - line->begin);
    const std::size_t dash = words.find_first_not_of(' ');
    const Edit name = replace(dependency.span, dependency.service + ":");
    if (dash == words.npos || words[dash] != '-') return std::nullopt;
    if (!trim(text.substr(line->begin + dash + 1, name.begin - line->begin - dash - 1)).empty())
      return std::nullopt;
    Span start = dependency.span;
    start.begin.column = static_cast<std::uint32_t>(dash + 1);
    // A "- " at the depth of its own "depends_on:" is allowed in lists, not in tables.
    const std::string deeper = "  ";
    fix.edits.push_back(
        {dependency.span.source, line->begin + dash, name.end, deeper + dependency.service + ":"});
    if (auto condition = below(start, 4, {"condition: " + condition_for(index, dependency)}))
      fix.edits.push_back(std::move(*condition));
  }
  return fix;
}

// The whole list becomes a table: there is no half of one.
std::optional<Fix> list_fix(const ComposeProject& project, const Index& index,
                            const ComposeService& service) {
  const Member* own = own_member(project, service, "depends_on");
  const Node::List* list = own == nullptr ? nullptr : own->value.list();
  if (list == nullptr || list->size() != service.depends_on.size()) return std::nullopt;
  const std::string_view text = text_at(own->value.span);
  if (text.starts_with('*')) return std::nullopt;
  auto fix = text.starts_with('[') ? flow_list_fix(index, service, own->value)
                                   : block_list_fix(index, service);
  if (!fix) return std::nullopt;
  fix->title = "wait until they are healthy";
  fix->changes.push_back(change_of(service, "depends_on"));
  return fix;
}

std::optional<Fix> condition_fix(const ComposeProject& project, const ComposeService& service,
                                 const ComposeDependency& dependency) {
  if (text_at(dependency.condition_span) != "service_started") return std::nullopt;
  if (own_member(project, service, "depends_on") == nullptr) return std::nullopt;
  Fix fix;
  fix.title = "wait until it is healthy";
  fix.edits.push_back(replace(dependency.condition_span, "service_healthy"));
  fix.changes.push_back(change_of(service, "depends_on"));
  return fix;
}

void report_impatient(const ComposeService& service, const ComposeDependency& dependency,
                      const ComposeService& target, Diagnostic& one) {
  one.related.push_back({health_test(target)->span, fmt::format("{}'s healthcheck", who(target))});
  one.subject = key_of(service, "depends_on." + dependency.service);
  // Written down, it may be meant.
  if (!dependency.short_form) one.severity = Severity::info;
}

}  // namespace

void useless_healthchecks(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ComposeProject& project = *subject.project.compose;
  const ServiceNames jobs = jobs_of(project);
  OncePerPlace once;
  std::vector<Lack> lacks;
  for (const ComposeService& service : project.services) {
    if (const auto test = health_test(service)) check_test(service, *test, once, findings);
    if (needs_healthcheck(service, jobs))
      lacks.push_back(
          {&service, "has no healthcheck: it counts as well while its process lives", {}, {}});
  }
  if (lacks.empty()) return;
  LackText text{"CMP006", "have no healthcheck: they count as well while their processes live",
                "healthcheck",
                fmt::format("write healthcheck: {{ test: {}, interval: 10s, timeout: 3s }}",
                            sample_test(*lacks.front().service)),
                ""};
  // A row's error is for checks that lie; none at all is a warning.
  Diagnostics found;
  Findings gathered(found);
  report_lacks(text, lacks, gathered);
  for (Diagnostic& one : found) {
    one.severity = Severity::warning;
    findings.add(std::move(one));
  }
}

void slow_healthchecks(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    if (!service.healthcheck || service.healthcheck->disabled) continue;
    const ComposeHealthcheck& check = *service.healthcheck;
    if (!check.interval && !check.timeout) continue;
    const Duration interval = check.interval ? check.interval->value : kDockerInterval;
    const Duration timeout = check.timeout ? check.timeout->value : kDockerTimeout;
    if (interval <= 0ms || timeout < interval) continue;
    const Span span = check.timeout ? check.timeout->span : check.interval->span;
    if (!once(span)) continue;
    Diagnostic& one = findings.add(
        "CMP007", span,
        fmt::format("a check of {} may take {}{}, and the next one is due after {}{}", who(service),
                    format_duration(timeout), check.timeout ? "" : " (Docker's default timeout)",
                    format_duration(interval),
                    check.interval ? "" : " (Docker's default interval)"),
        fmt::format("write timeout: {}", format_duration(std::min<Duration>(interval / 2, 5s))));
    one.subject = key_of(service, "healthcheck.timeout");
    // Nobody has said so: a habit, not a mistake.
    if (!check.timeout) one.severity = Severity::info;
    if (check.timeout && check.interval)
      one.related.push_back({check.interval->span, "the interval"});
  }
}

void impatient_dependencies(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const Index index = index_of(*subject.project.compose);
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    bool first = true;
    for (const ComposeDependency& dependency : service.depends_on) {
      if (!waits_too_little(index, dependency) || !once(dependency.span)) continue;
      const ComposeService& target = *find_service(index, dependency.service);
      Diagnostic& one = findings.add(
          "CMP008", dependency.short_form ? dependency.span : dependency.condition_span,
          fmt::format("{} starts before {} is healthy: it waits only for its start", who(service),
                      who(target)),
          dependency.short_form
              ? fmt::format("write {}: {{ condition: service_healthy }}", who(target))
              : "write condition: service_healthy");
      report_impatient(service, dependency, target, one);
      if (!dependency.short_form)
        one.fix = condition_fix(*subject.project.compose, service, dependency);
      else if (first)
        one.fix = list_fix(*subject.project.compose, index, service);
      first = false;
    }
  }
}

void health_of_the_healthless(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const Index index = index_of(*subject.project.compose);
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    for (const ComposeDependency& dependency : service.depends_on) {
      if (dependency.condition != ComposeCondition::healthy) continue;
      const ComposeService* target = find_service(index, dependency.service);
      if (target == nullptr || !once(dependency.condition_span)) continue;
      const Known known = has_healthcheck(*target);
      if (known == Known::yes || (target->build && !target->build->parsed)) continue;
      const bool disabled = target->healthcheck && target->healthcheck->disabled;
      Diagnostic& one =
          findings.add("CMP009", dependency.condition_span,
                       fmt::format("{} waits until {} is healthy, but {} has {}", who(service),
                                   who(*target), who(*target),
                                   disabled             ? "its healthcheck switched off"
                                   : known == Known::no ? "no healthcheck"
                                                        : "none here, unless its image brings one"),
                       fmt::format("give {} a healthcheck, for example test: {}", who(*target),
                                   sample_test(*target)));
      one.related.push_back(
          {disabled ? target->healthcheck->span : target->span,
           disabled ? "switched off here" : fmt::format("{} is defined here", who(*target))});
      one.subject = fmt::format("services.{}.depends_on.{}", service.name, dependency.service);
      if (known == Known::maybe) one.severity = Severity::warning;
    }
  }
}

}  // namespace exai::config
