#include <algorithm>
#include <map>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

std::string where(const Assignment& assignment) {
  return assignment.origin.span ? "" : fmt::format(" (from the {})", assignment.origin.layer);
}

void placeholder(const LintSubject& subject, const std::string& name, const Span& span,
                 const std::string& where, Findings& findings) {
  const bool generated = subject.resolved.names.secrets.contains(name);
  findings
      .add("SEC005", span, fmt::format("{} still has the value of an example{}", name, where),
           generated ? "remove it: a value is generated on the first `exai up`"
                     : "put the real secret there, or remove it")
      .subject = name;
}

void placeholder_entry(const LintSubject& subject, const DotenvEntry& entry, Findings& findings) {
  if (!entry.value || entry.is_comment_as_value()) return;
  const ByteRange password = url_password(*entry.value);
  const std::string_view in_url =
      std::string_view(*entry.value).substr(password.begin, password.end - password.begin);
  if (subject.resolved.names.is_confidential(entry.key) && is_placeholder(*entry.value))
    placeholder(subject, subject.resolved.names.canonical(entry.key), entry.value_span, "",
                findings);
  else if (is_placeholder(in_url))
    findings
        .add("SEC005", narrow(entry.value_span, in_url),
             fmt::format("the password in {} still has the value of an example", entry.key),
             "put the real password there, or a reference to the variable that has it")
        .subject = entry.key;
}

}  // namespace

void placeholder_secrets(const LintSubject& subject, Findings& findings) {
  for (const Assignment& assignment : subject.resolved.assignments)
    if (subject.resolved.names.is_confidential(assignment.name) &&
        is_placeholder(assignment.origin.value))
      placeholder(subject, assignment.name, assignment.origin.span, where(assignment), findings);
  for (const EnvFile& file : subject.project.env_files)
    if (!file.is(EnvFileRole::example) && !file.is(EnvFileRole::layer))
      for (const DotenvEntry& entry : file.entries) placeholder_entry(subject, entry, findings);
}

namespace {

// Passwords are tried from lists; these are in all of them, with or without "2024!" behind.
bool is_guessable(std::string_view value) {
  constexpr std::array<std::string_view, 20> kWords = {
      "password", "passwort", "passw0rd", "admin", "letmein", "qwerty", "123456",
      "welcome",  "secret",   "test",     "guest", "default", "root",   "master",
      "postgres", "redis",    "mysql",    "user",  "hunter2", "demo"};
  const std::string text = to_lower(value);
  return value.size() < 20 && std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
           return text.find(word) != text.npos && text.size() < word.size() + 7;
         });
}

struct Weakness {
  std::string_view what;
  Severity severity;
};

std::optional<Weakness> weakness_of(std::string_view value) {
  constexpr double kRepetitive = 2.5;  // bits per character; random hexadecimal has 3.5 and more
  if (is_guessable(value)) return Weakness{"is on every list of passwords to try", Severity::error};
  if (value.size() < 12) return Weakness{"has fewer than 12 characters", Severity::error};
  if (value.size() < 20) return Weakness{"has fewer than 20 characters", Severity::warning};
  if (value.size() < 64 && entropy(value) < kRepetitive)
    return Weakness{"repeats the same few characters", Severity::warning};
  return std::nullopt;
}

// The option's own limit says it already.
bool is_below_limit(const LintSubject& subject, const Sighting& one) {
  const Option* option = subject.options.find(one.name);
  return option != nullptr && option->min_length && one.value.size() < *option->min_length;
}

}  // namespace

void weak_secrets(const LintSubject& subject, Findings& findings) {
  for (const Sighting& one : secrets_in_env_files(subject)) {
    const auto weakness = weakness_of(one.value);
    if (!one.is_sure || !weakness || is_below_limit(subject, one)) continue;
    Diagnostic& found =
        findings.add("SEC006", one.entry->value_span,
                     fmt::format("the value of {} {}", one.name, weakness->what),
                     "use a generated one of 32 characters: openssl rand -base64 24");
    found.severity =
        is_for_development(*one.file, subject) ? Severity::warning : weakness->severity;
    found.subject = one.name;
  }
}

namespace {

using Words = std::vector<std::string>;

// What the secret opens, as far as its name says: {"db"} for POSTGRES_PASSWORD and DB_PASS.
Words purpose_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kSame = {
      {{"postgres", "db"},
       {"postgresql", "db"},
       {"pg", "db"},
       {"database", "db"},
       {"mysql", "db"},
       {"mariadb", "db"},
       {"sql", "db"},
       {"pgpassword", "db"},
       {"mongo", "db"},
       {"mongodb", "db"},
       {"valkey", "redis"},
       {"rediscli", "redis"},
       {"rabbitmq", "amqp"},
       {"rabbit", "amqp"},
       {"broker", "amqp"},
       {"mq", "amqp"},
       {"requirepass", "redis"}}};
  constexpr std::array<std::string_view, 24> kNoPurpose = {
      "password", "pass",   "passwd",  "pwd",  "secret", "token",   "key",    "auth",
      "api",      "app",    "user",    "root", "admin",  "default", "initdb", "default",
      "base",     "server", "service", "my",   "old",    "prev",    "main",   "value"};
  Words purpose;
  for (std::string word : split(to_lower(name), '_')) {
    for (const auto& [one, other] : kSame)
      if (word == one) word = other;
    if (!contains(kNoPurpose, word)) purpose.push_back(std::move(word));
  }
  return purpose;
}

// One is about the same thing as the other, maybe more closely: DB_PASSWORD, APP_DB_PASSWORD.
bool is_same_purpose(std::string_view a, std::string_view b) {
  const Words first = purpose_of(a);
  const Words second = purpose_of(b);
  if (first.empty() && second.empty()) return a == b;
  const auto within = [](const Words& few, const Words& many) {
    return !few.empty() && std::all_of(few.begin(), few.end(), [&](const std::string& word) {
      return contains(many, word);
    });
  };
  return within(first, second) || within(second, first);
}

bool are_declared_same(const OptionTable& table, const std::string& a, const std::string& b) {
  const auto names = [&](const std::string& one, const std::string& other) {
    const Option* option = table.find(one);
    return option != nullptr && contains(option->same_as, other);
  };
  return names(a, b) || names(b, a);
}

// env files of two environments: .env.dev and .env.prod
bool are_of_two_environments(const Sighting& a, const Sighting& b, const LintSubject& subject) {
  return a.file != b.file &&
         is_for_development(*a.file, subject) != is_for_development(*b.file, subject);
}

}  // namespace

void secrets_for_several_things(const LintSubject& subject, Findings& findings) {
  std::map<std::string, Sighting> first_use;  // by value
  for (Sighting& one : secrets_in_env_files(subject)) {
    if (!one.is_sure || one.value.size() < 8) continue;
    const auto [earlier, is_first] = first_use.emplace(one.value, one);
    if (is_first) continue;
    const Sighting& other = earlier->second;
    const bool same_name = one.name == other.name;
    if (same_name && !are_of_two_environments(one, other, subject)) continue;
    if (!same_name && (is_same_purpose(one.name, other.name) ||
                       are_declared_same(subject.options, one.name, other.name)))
      continue;
    Diagnostic& found = findings.add(
        "SEC007", one.entry->value_span,
        same_name
            ? fmt::format("{} has the same value as in {}", one.name, other.file->source->name)
            : fmt::format("{} has the same value as {}", one.name, other.name),
        same_name ? "give each environment a secret of its own: who sees one has the other"
                  : "give each a value of its own: who learns one has the other, and neither can "
                    "be changed alone");
    found.related.push_back({other.entry->value_span, "the same value"});
    found.subject = one.name;
  }
}

namespace {

// Reports NAME beside NAME_FILE among names that are set together.
void given_twice(const std::map<std::string, Span>& set, const Names& names, Findings& findings) {
  for (const auto& [name, span] : set) {
    const auto file = set.find(name + "_FILE");
    if (file == set.end() || !(names.is_confidential(name) || sounds_secret(name))) continue;
    const bool file_is_later =
        file->second.source == span.source && file->second.begin > span.begin;
    Diagnostic& found = findings.add(
        "SEC013", file_is_later ? file->second : span,
        fmt::format("{} and {}_FILE are both set", name, name),
        fmt::format("keep {}_FILE: programs differ in which of the two they take, and some refuse "
                    "to start",
                    name));
    found.related.push_back({file_is_later ? span : file->second, "the other one"});
    found.subject = name;
  }
}

void note(std::map<std::string, Span>& set, const EnvFile& file) {
  for (const DotenvEntry& entry : file.entries)
    if (entry.value && !entry.value->empty() && !entry.is_comment_as_value())
      set[entry.key] = entry.key_span;
}

}  // namespace

void secrets_given_twice(const LintSubject& subject, Findings& findings) {
  std::map<std::string, Span> layers;
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::layer)) {
      note(layers, file);
    } else if (!file.is(EnvFileRole::example)) {
      std::map<std::string, Span> alone;
      note(alone, file);
      given_twice(alone, subject.resolved.names, findings);
    }
  }
  given_twice(layers, subject.resolved.names, findings);
}

}  // namespace exai::config
