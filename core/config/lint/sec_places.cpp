#include <algorithm>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/compose_model.hpp"
#include "core/config/lint/reference_index.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

// The default in ${NAME:-default}; empty when there is none or it is no plain text.
std::string_view default_in(std::string_view written) {
  if (!written.starts_with("${") || written.find('}') != written.size() - 1) return {};
  std::size_t dash = written.find_first_of(":-+?");
  if (dash != written.npos && written[dash] == ':') ++dash;
  if (dash == written.npos || written[dash] != '-') return {};  // ${NAME:?why-not} has none
  return written.substr(dash + 1, written.size() - dash - 2);
}

std::string advice_for(std::string_view name) {
  return fmt::format(
      "write ${{{}:?}} and keep the value in .env, which git ignores; or deliver it as a file: "
      "secrets, and {}_FILE",
      name, name);
}

void literal_in_compose(const LintSubject& subject, const ComposeVariable& variable,
                        LeafIndex& leaves, Findings& findings) {
  if (!variable.value || variable.inherited ||
      !subject.resolved.names.is_confidential(variable.name))
    return;
  const std::string_view written = written_at(variable.value_span);
  // "NAME=value" is one text in a list.
  const std::size_t equals =
      written.starts_with(variable.name + "=") ? variable.name.size() + 1 : 0;
  const std::string_view value = written.substr(equals);
  const std::string_view otherwise = default_in(value);
  const std::string_view said = otherwise.empty() ? value : otherwise;
  if (!is_literal(said) || !is_secret_value(said)) return;
  const Span place = narrow(variable.value_span, said);
  if (is_placeholder(said)) {
    findings
        .add("SEC005", place, fmt::format("{} still has the value of an example", variable.name),
             advice_for(variable.name))
        .subject = variable.name;
    return;
  }
  Diagnostic& found = findings.add(
      "SEC002", place,
      otherwise.empty()
          ? fmt::format("the value of {} is written into {}", variable.name, place.source->name)
          : fmt::format("the value of {} is written into {} as a default", variable.name,
                        place.source->name),
      advice_for(variable.name));
  found.subject = variable.name;
  if (!otherwise.empty()) found.severity = Severity::warning;
  const auto begin = offset_of(*place.source, place.begin);
  const auto end = offset_of(*place.source, place.end);
  const auto leaf = leaves.at(variable.value_span);
  if (!otherwise.empty() || !begin || !end || !leaf) return;
  Fix fix;
  fix.title = fmt::format("take {} from the environment", variable.name);
  fix.edits.push_back({place.source, *begin, *end, fmt::format("${{{}:?}}", variable.name)});
  // What it was is nobody's business.
  const std::string before_it(written.substr(0, equals));
  fix.changes.push_back({*leaf, "", before_it + fix.edits.front().text});
  found.fix = std::move(fix);
}

void literals_in_stack(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const Member& variable : members(service.value, "env")) {
      const std::string_view written = written_at(variable.value.span);
      if (variable.value.string() == nullptr ||
          !(subject.resolved.names.is_confidential(variable.key) || sounds_secret(variable.key)) ||
          !is_literal(written) || !is_secret_value(written))
        continue;
      findings
          .add("SEC002", variable.value.span,
               fmt::format("the value of {} is written into {}", variable.key,
                           variable.value.span.source->name),
               fmt::format("list {} in the service's secrets, and keep its value in the store "
                           "(exai secret set {}) or in an environment file that git ignores",
                           variable.key, variable.key))
          .subject = variable.key;
    }
}

}  // namespace

void secrets_in_environments(const LintSubject& subject, Findings& findings) {
  literals_in_stack(subject, findings);
  if (subject.project.compose == nullptr) return;
  LeafIndex leaves(*subject.project.compose);
  for (const ComposeService& service : subject.project.compose->services)
    for (const ComposeVariable& variable : service.environment)
      literal_in_compose(subject, variable, leaves, findings);
}

namespace {

// The word before a place, on its line: part of an address when it has "://".
bool is_in_address(std::string_view text, std::size_t place) {
  const std::size_t blank = text.find_last_of(" \t\n\"'", place);
  const std::size_t begin = blank == text.npos ? 0 : blank;
  return text.substr(begin, place - begin).find("://") != text.npos;
}

constexpr std::string_view kEverybody =
    "every process of the machine can read command lines, and `docker inspect` shows them: ";

std::string command_advice(std::string_view command) {
  if (command.find("redis-cli") != command.npos)
    return std::string(kEverybody) + "give redis-cli its password in REDISCLI_AUTH";
  if (command.find("redis-server") != command.npos)
    return std::string(kEverybody) +
           "put requirepass into a configuration file that is mounted as a secret";
  return std::string(kEverybody) + "let the program read a file or its environment";
}

struct CommandPlace {
  Span span;
  std::string what;  // "the command of redis"
};

std::vector<CommandPlace> commands_of(const LintSubject& subject) {
  std::vector<CommandPlace> all;
  for (const Member& service : services(subject.resolved.tree)) {
    if (const Node* process = service.value.find("process"))
      all.push_back({process->span, "the command of " + service.key});
    for (const char* key : {"ready", "healthy"})
      if (const Node* check = service.value.find(key))
        if (const Node* command = check->find("command"))
          all.push_back({command->span, "the check of " + service.key});
  }
  if (subject.project.compose == nullptr) return all;
  for (const ComposeService& service : subject.project.compose->services) {
    if (service.command) all.push_back({service.command->span, "the command of " + service.name});
    if (service.entrypoint)
      all.push_back({service.entrypoint->span, "the entrypoint of " + service.name});
    if (service.healthcheck)
      all.push_back({service.healthcheck->test_span, "the healthcheck of " + service.name});
  }
  return all;
}

void references_in_command(const LintSubject& subject, const ReferenceIndex& references,
                           const CommandPlace& command, Findings& findings) {
  for (const ComposeReference* reference : references.inside(command.span)) {
    if (!reference->used || !subject.resolved.names.is_confidential(reference->name)) continue;
    findings
        .add("SEC003", reference->span,
             fmt::format("{} is a secret; {} shows it to everybody", reference->name, command.what),
             command_advice(written_at(command.span)))
        .subject = reference->name;
  }
}

// `secrets`: all that the file's text has, in its order.
void literals_in_command(const std::vector<ByteRange>& secrets, const CommandPlace& command,
                         Findings& findings) {
  const SourcePtr& source = command.span.source;
  const auto begin = offset_of(*source, command.span.begin);
  const auto end = offset_of(*source, command.span.end);
  if (!begin || !end) return;
  auto range = std::lower_bound(secrets.begin(), secrets.end(), *begin,
                                [](ByteRange one, std::size_t at) { return one.begin < at; });
  for (; range != secrets.end() && range->end <= *end; ++range) {
    if (is_in_address(source->text, range->begin)) continue;
    const std::string_view value =
        std::string_view(source->text).substr(range->begin, range->end - range->begin);
    if (!is_literal(value)) continue;
    findings.add("SEC003", span_of(source, *range),
                 fmt::format("a secret is written into {}", command.what),
                 command_advice(written_at(command.span)));
  }
}

}  // namespace

void secrets_in_commands(const LintSubject& subject, Findings& findings) {
  std::optional<ReferenceIndex> references;
  if (subject.project.compose != nullptr) references.emplace(*subject.project.compose);
  std::map<const Source*, std::vector<ByteRange>> literals;
  for (const CommandPlace& command : commands_of(subject)) {
    if (!command.span) continue;
    if (references) references_in_command(subject, *references, command, findings);
    const SourcePtr& source = command.span.source;
    const auto [known, is_new] = literals.try_emplace(source.get());
    if (is_new) known->second = find_secrets(source->text);
    literals_in_command(known->second, command, findings);
  }
}

namespace {

void report_address(const SourcePtr& source, ByteRange range, const std::string& what,
                    Severity severity, Findings& findings) {
  const std::string_view value =
      std::string_view(source->text).substr(range.begin, range.end - range.begin);
  if (!is_literal(value) || !is_secret_value(value) || is_placeholder(value)) return;
  findings
      .add("SEC004", span_of(source, range), fmt::format("a password is written into {}", what),
           "addresses end up in logs and error messages: write a reference to the variable that "
           "has the password, or give the program user and password by themselves")
      .severity = severity;
}

// The addresses of a line from `begin` to `end`. What has no @ any more is not read again and
// again.
void addresses_in(const SourcePtr& source, std::size_t begin, std::size_t end, Findings& findings) {
  const std::string_view text = std::string_view(source->text).substr(0, end);
  std::size_t word_end = begin;
  std::size_t last_at = 0;
  for (std::size_t i = text.find("://", begin); i != text.npos; i = text.find("://", i + 3)) {
    if (i >= word_end) {
      word_end = std::min(text.find_first_of(" \t\r\"'`<>,]}", i), end);
      const std::size_t at = text.substr(i, word_end - i).rfind('@');
      last_at = at == text.npos ? 0 : i + at;
    }
    if (last_at < i) continue;
    std::size_t first = i;
    while (first > begin && is_letter_or_digit(text[first - 1])) --first;
    const ByteRange found = url_password(text.substr(first, word_end - first));
    if (found.begin == found.end) continue;
    report_address(source, {first + found.begin, first + found.end}, "an address", Severity::error,
                   findings);
  }
}

// Those anywhere in a file that is no environment file, but not in its comments.
void addresses_in(const SourcePtr& source, Findings& findings) {
  const std::string_view text = source->text;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = line_end(text, begin);
    if (!trim(text.substr(begin, end - begin)).starts_with('#'))
      addresses_in(source, begin, end, findings);
    begin = end + 1;
  }
}

}  // namespace

void secrets_in_urls(const LintSubject& subject, Findings& findings) {
  Git git(subject);
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::example)) continue;
    for (const DotenvEntry& entry : file.entries) {
      if (!entry.value || entry.value->find("://") == std::string::npos) continue;
      const ByteRange found =
          url_password(std::string_view(file.source->text)
                           .substr(entry.value_begin, entry.value_end - entry.value_begin));
      if (found.begin == found.end) continue;
      const bool is_public =
          subject.request.scope == Scope::project && git.tracks(file.source->path);
      report_address(file.source, {entry.value_begin + found.begin, entry.value_begin + found.end},
                     "the address in " + entry.key, is_public ? Severity::error : Severity::warning,
                     findings);
    }
  }
  std::set<SourcePtr> sources;
  if (subject.resolved.tree.span) sources.insert(subject.resolved.tree.span.source);
  for (const ClientConfig& client : subject.project.clients) sources.insert(client.source);
  if (subject.project.compose != nullptr) {
    for (const ComposeFile& file : subject.project.compose->files) sources.insert(file.source);
    for (const ComposeFile& file : subject.project.compose->other_files)
      sources.insert(file.source);
  }
  for (const auto& dockerfile : subject.project.dockerfiles) sources.insert(dockerfile->source);
  for (const SourcePtr& source : sources) addresses_in(source, findings);
}

}  // namespace exai::config
