#include "cli/rule_pages.hpp"

#include <array>

#include "cli/table.hpp"
#include "core/base/text.hpp"
#include "core/config/allow.hpp"

namespace exai::cli {

using config::Rule;

namespace {

struct Family {
  std::string_view prefix;
  std::string_view title;
};

constexpr std::array kFamilies = {
    Family{"CFG", "options and the stack file"},
    Family{"CMD", "commands"},
    Family{"CMP", "Compose files"},
    Family{"DEP", "dependencies, names, programs"},
    Family{"ENV", "the text of environment files"},
    Family{"PRT", "ports"},
    Family{"SEC", "secrets"},
    Family{"TMO", "time"},
};

std::string_view family_of(const Rule& rule) {
  for (const Family& family : kFamilies)
    if (rule.code.starts_with(family.prefix)) return family.title;
  return "other";
}

// What --fix does about it, in a sentence.
std::string_view fixing_text(config::Fixing fixing) {
  constexpr std::array<std::string_view, 3> kTexts = {
      "none: somebody has to decide", "suggested: --fix=suggest shows it",
      "safe: --fix does it, and proves it by reading the file again"};
  return kTexts.at(static_cast<std::size_t>(fixing));
}

std::string_view evidence_text(config::Evidence evidence) {
  constexpr std::array<std::string_view, 3> kTexts = {
      "deterministic: the text alone says so", "contextual: other files or this machine say so",
      "heuristic: a good guess, never an error"};
  return kTexts.at(static_cast<std::size_t>(evidence));
}

}  // namespace

std::string rule_table(const Stream& out) {
  Table table{{{"CODE"}, {"NAME"}, {"SEVERITY"}, {"EVIDENCE"}, {"FIX"}, {"SAYS"}}, {}, 5};
  for (const Rule& rule : config::rules())
    table.rows.push_back({{{std::string(rule.code), Tone::strong},
                           std::string(rule.name),
                           std::string(config::name(rule.severity)),
                           std::string(config::name(rule.evidence)),
                           std::string(config::name(rule.fixing)),
                           std::string(rule.summary)}});
  return layout(table, out.width(), out.colours());
}

json::object rule_json(const Rule& rule) {
  return {{"code", rule.code},
          {"name", rule.name},
          {"family", family_of(rule)},
          {"severity", config::name(rule.severity)},
          {"evidence", config::name(rule.evidence)},
          {"fixing", config::name(rule.fixing)},
          {"can_be_allowed", config::can_be_allowed(rule.code)},
          {"summary", rule.summary},
          {"docs", rule.docs}};
}

json::object rules_json() {
  json::array rules;
  for (const Rule& rule : config::rules()) rules.push_back(rule_json(rule));
  return {{"rules", std::move(rules)}};
}

std::string rule_page(const Rule& rule) {
  return fmt::format(
      "{} {}: {}\n\n{}\n\n"
      "severity  {}\nevidence  {}\nfix       {}\nallow     {}\n",
      rule.code, rule.name, rule.summary, rule.docs, config::name(rule.severity),
      evidence_text(rule.evidence), fixing_text(rule.fixing),
      config::can_be_allowed(rule.code)
          ? fmt::format("# exai:allow {} reason, on its line or alone above it", rule.code)
          : "never: nothing could be started from such a file");
}

std::string rules_markdown() {
  std::string page =
      "# Rules\n\n"
      "What `exai validate` finds. This page is written by\n"
      "`exai validate --list-rules --format markdown >docs/RULES.md`; a test compares the two.\n\n"
      "Evidence says what a finding rests on: *deterministic*, the text alone; *contextual*, "
      "other\n"
      "files or this machine; *heuristic*, a good guess and never an error. A *safe* fix is done "
      "by\n"
      "`--fix`, a *suggested* one is shown by `--fix=suggest`.\n";
  for (const Family& family : kFamilies) {
    page += fmt::format("\n## {}: {}\n", family.prefix, family.title);
    for (const Rule& rule : config::rules())
      if (rule.code.starts_with(family.prefix))
        page += fmt::format("\n### {}\n\n`{}`, {}, {}, fix: {}. **{}**\n\n{}\n", rule.code,
                            rule.name, config::name(rule.severity), config::name(rule.evidence),
                            config::name(rule.fixing), rule.summary, rule.docs);
  }
  return page;
}

}  // namespace exai::cli
