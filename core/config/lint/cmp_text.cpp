// CMP019, CMP021: words in a Compose file that do something else than they seem to.

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/reference_index.hpp"
#include "core/config/lint/yaml_edits.hpp"

namespace exai::config {

namespace {

// --- CMP021 ---

constexpr std::size_t kLongestReference = 4096;

// A text that a container will run, and whether a shell reads it there.
struct Script {
  const ComposeService* service;
  std::string_view key;
  Span span;
  bool shell = false;
  bool text = false;  // one text that Compose splits into words
};

bool starts_shell(const std::vector<std::string>& words) {
  HealthTest test{{"CMD"}, {}};
  test.words.insert(test.words.end(), words.begin(), words.end());
  return test.shell().has_value() || (!words.empty() && words[0] == "eval");
}

std::vector<Script> scripts_of(const ComposeService& service) {
  std::vector<Script> scripts;
  const bool shell_entry = service.entrypoint && starts_shell([&] {
                             auto words = service.entrypoint->words;
                             words.emplace_back("$");  // sh -c, and the command is its text
                             return words;
                           }());
  if (service.entrypoint)
    scripts.push_back({&service, "entrypoint", service.entrypoint->span,
                       starts_shell(service.entrypoint->words), service.entrypoint->text});
  if (service.command)
    scripts.push_back({&service, "command", service.command->span,
                       shell_entry || starts_shell(service.command->words), service.command->text});
  if (service.healthcheck && !service.healthcheck->test.empty()) {
    const HealthTest test{service.healthcheck->test, service.healthcheck->test_span};
    scripts.push_back({&service, "healthcheck", test.span, test.shell().has_value(), false});
  }
  return scripts;
}

// The places in a text that begins at `first`, asked for by rising offsets of its bytes.
class Cursor {
 public:
  Cursor(std::string_view text, Position first) : text_(text), position_(first) {}

  Position at(std::size_t offset) {
    for (; done_ < offset; ++done_) {
      if (text_[done_] == '\n')
        position_ = {position_.line + 1, 1};
      else
        position_.column += static_cast<std::uint32_t>(code_points(text_.substr(done_, 1)));
    }
    return position_;
  }

 private:
  std::string_view text_;
  Position position_;
  std::size_t done_ = 0;
};

std::size_t name_end(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '{') {
    const std::size_t close = text.substr(at, kLongestReference).find('}');
    return close == text.npos ? at : at + close + 1;
  }
  std::size_t end = at;
  while (end < text.size() && continues_identifier(text[end])) ++end;
  return end;
}

// $$$$NAME: the shell gets $$NAME, its process number and a word.
// $$NAME where no shell is: the program gets a dollar and a word.
void doubled_dollars(const Script& script, std::string_view text, Findings& findings) {
  Cursor places(text, script.span.begin);
  for (std::size_t at = text.find("$$"); at != text.npos; at = text.find("$$", at)) {
    std::size_t dollars = 0;
    while (at + dollars < text.size() && text[at + dollars] == '$') ++dollars;
    const std::size_t end = name_end(text, at + dollars);
    const bool is_name =
        end > at + dollars && (text[at + dollars] == '{' || !is_digit(text[at + dollars]));
    const Span span{script.span.source, places.at(at), places.at(end)};
    const std::string name(text.substr(at + dollars, end - at - dollars));
    if (is_name && dollars == 4) {
      findings.add("CMP021", span,
                   fmt::format("doubled twice: the shell in {} reads $${}, its process number and "
                               "a word",
                               who(*script.service), name),
                   fmt::format("write $${}", name));
    } else if (is_name && dollars == 2 && !script.shell) {
      findings.add("CMP021", span,
                   fmt::format("no shell reads {}'s {}: the program gets the word ${} as it is",
                               who(*script.service), script.key, name),
                   script.key == "healthcheck"
                       ? "write test: [\"CMD-SHELL\", \"…\"], where a shell puts the value in"
                       : fmt::format("write {}: [\"sh\", \"-c\", \"exec …\"], where a shell puts "
                                     "the value in",
                                     script.key));
    }
    at = std::max(end, at + dollars);
  }
}

// Names that mean the container to whoever writes them into a command, and are this shell's here.
bool is_shell_own(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {"HOME",  "HOSTNAME", "PATH", "PWD",
                                                      "SHELL", "USER",     "UID",  "RANDOM"};
  return contains(kNames, name);
}

// The container's own say about a name, when it is another one.
const ComposeVariable* other_value(const std::vector<EffectiveVariable>& variables,
                                   const ComposeReference& reference) {
  for (const EffectiveVariable& variable : variables)
    if (variable.name == reference.name && variable.winner().value != reference.value)
      return &variable.winner();
  return nullptr;
}

void single_dollars(const Script& script, const std::vector<const ComposeReference*>& references,
                    std::optional<std::vector<EffectiveVariable>>& variables, Findings& findings) {
  for (const ComposeReference* reference : references) {
    if (!reference->used || reference->nested || !reference->value) continue;  // unset: CMP004
    if (!variables) variables = effective_environment(*script.service);
    const ComposeVariable* other = other_value(*variables, *reference);
    const bool own = script.shell && reference->from == ComposeReference::From::shell &&
                     is_shell_own(reference->name);
    if (other == nullptr && !own) continue;
    Diagnostic& one = findings.add(
        "CMP021", reference->span,
        other != nullptr
            ? fmt::format("Compose fills in {} before {} starts, not with the value that the "
                          "container has",
                          reference->name, who(*script.service))
            : fmt::format("Compose fills in {} of the machine that it runs on, not {}'s",
                          reference->name, who(*script.service)),
        script.shell
            ? fmt::format("write $${}: the shell in the container puts its own in", reference->name)
            : "give both the same value, or let a shell in the container put it in");
    if (other != nullptr) one.related.push_back({other->name_span, "the container's value"});
    if (reference->defined_at) one.related.push_back({reference->defined_at, "what Compose takes"});
  }
}

}  // namespace

void obsolete_version(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  for (const ComposeFile& file : subject.project.compose->files) {
    const Member* version = file.tree.member("version");
    if (version == nullptr) continue;
    Diagnostic& one =
        findings.add("CMP019", version->key_span,
                     "version has no meaning any more: Compose ignores it and warns each time",
                     "take the line away");
    one.subject = "version";
    if (auto edit = without_line(version->key_span)) {
      Fix fix;
      fix.title = "take version away";
      fix.edits.push_back(std::move(*edit));
      fix.changes.push_back(removal_of("version"));
      one.fix = std::move(fix);
    }
  }
}

void dollars_in_commands(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ReferenceIndex references(*subject.project.compose);
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    std::optional<std::vector<EffectiveVariable>> variables;
    for (const Script& script : scripts_of(service)) {
      if (!once(script.span)) continue;
      const std::string_view text = text_at(script.span);
      if (text.find('$') == text.npos) continue;
      doubled_dollars(script, text, findings);
      single_dollars(script, references.inside(script.span), variables, findings);
    }
  }
}

}  // namespace exai::config
