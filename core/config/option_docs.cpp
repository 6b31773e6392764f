#include "core/config/option_docs.hpp"

#include <array>

#include "core/base/text.hpp"
#include "core/config/option_values.hpp"

namespace exai::config {

namespace {

std::string type_words(const Option& option) {
  constexpr std::array<std::string_view, 4> kTypes = {"text", "whole number", "number",
                                                      "true or false"};
  if (!option.choices.empty()) return "one of " + join(option.choices, ", ");
  if (option.unit == "port") return "port";
  if (option.kind == "list") return "list, separated by commas";
  if (option.kind == "timezone") return "time zone";
  if (!option.kind.empty()) return option.kind;
  const std::string type(kTypes.at(static_cast<std::size_t>(option.type)));
  return option.unit.empty() ? type : type + " of " + option.unit;
}

std::string limits(const Option& option) {
  std::string text;
  if (const std::string range = describe_range(option); !range.empty()) text += ", " + range;
  if (option.min_length && *option.min_length > 1)
    text += fmt::format(", at least {} characters", *option.min_length);
  return text;
}

std::string defaults(const Option& option) {
  std::string text = option.default_value ? "default " + *option.default_value : "unset by default";
  for (const auto& [environment, value] : option.environment_defaults)
    text += fmt::format(", {} in {}", value, environment);
  return text;
}

std::vector<std::string> alias_names(const Option& option) {
  std::vector<std::string> names;
  for (const OptionAlias& alias : option.aliases)
    if (!alias.deprecated) names.push_back(alias.name);
  return names;
}

// "whole number of s, between 1 and 3600; default 120", "text; secret; also MOONSHOT_API_KEY"
std::string describe(const Option& option) {
  std::string text = type_words(option) + limits(option) + "; " + defaults(option);
  if (option.secret) text += "; secret";
  if (const auto names = alias_names(option); !names.empty()) text += "; also " + join(names, ", ");
  return text;
}

std::string shown_condition(const OptionCondition& one) {
  if (one.value == "*") return one.name + " is set";
  if (one.value == "@loopback") return one.name + " is an address of this machine";
  if (one.value == "@test") return one.name + " has a value of the tests";
  return fmt::format("{} is {}", one.name, one.value);
}

std::string all_of(const std::vector<OptionCondition>& conditions, std::string_view between) {
  std::vector<std::string> parts;
  for (const OptionCondition& one : conditions) parts.push_back(shown_condition(one));
  return join(parts, between);
}

template <class Line>
std::string env_file(const OptionTable& table, std::string text, const Line& line) {
  std::string group;
  for (const Option& option : table.options()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n# ---- {} ----\n", group);
    }
    text += fmt::format("\n# {}\n# {}\n{}\n", option.description, describe(option), line(option));
  }
  return text;
}

std::string switched_off(const Option& option) {
  return fmt::format("#{}={}", option.name, option.default_value.value_or(""));
}

}  // namespace

std::string env_example(const OptionTable& table) {
  return env_file(table,
                  "# Every option of EXAI with its default, from schemas/options.schema.json; do "
                  "not edit, run\n"
                  "# `ninja -C build/dev generated`. To change one: copy the line into "
                  "configs/.env, which git\n"
                  "# ignores and every environment reads last, and remove the \"#\" in front of "
                  "the name.\n",
                  switched_off);
}

std::string env_docker_example(const OptionTable& table) {
  return env_file(
      table,
      "# Every option of exaid for a container, from schemas/options.schema.json; do not edit, "
      "run\n"
      "# `ninja -C build/dev generated`. The lines without \"#\" are what differs inside a "
      "container:\n"
      "# copy the file to .env.docker, name it in the service's env_file, and give secrets as "
      "files\n"
      "# (NAME_FILE=/run/secrets/NAME).\n",
      [](const Option& option) {
        return option.docker ? fmt::format("{}={}", option.name, *option.docker)
                             : switched_off(option);
      });
}

namespace {

std::string heading(const Option& option) {
  std::string text = fmt::format("### `{}`\n\n{}\n\n", option.name, option.description);
  text += fmt::format("- value: {}{}\n", type_words(option), limits(option));
  text += fmt::format("- {}\n", defaults(option));
  if (option.docker) text += fmt::format("- in a container: {}\n", *option.docker);
  return text;
}

std::string manual_entry(const Option& option) {
  std::string text = heading(option);
  text += fmt::format("- read by: {}\n", join(option.readers, ", "));
  if (option.reload == Option::Reload::live) text += "- a reload applies it\n";
  if (!option.requirements.empty())
    text += fmt::format("- has an effect only when {}\n", all_of(option.requirements, " and "));
  if (option.secret)
    text += fmt::format("- secret: never shown; `{}_FILE` names the file to read it from\n",
                        option.name);
  if (option.rotate) text += fmt::format("- renew it every {}\n", format_duration(*option.rotate));
  if (!option.same_as.empty())
    text += fmt::format("- must have the same value as {}\n", join(option.same_as, ", "));
  for (const OptionAlias& alias : option.aliases) {
    text += alias.deprecated ? fmt::format("- old name: {}, since {}", alias.name, alias.since)
                             : fmt::format("- also called {}", alias.name);
    text += alias.message.empty() ? "\n" : fmt::format(": {}\n", alias.message);
  }
  return text + "\n";
}

std::string rule_words(const OptionRule& rule) {
  if (const auto* less = std::get_if<LessRule>(&rule.what))
    return less->factor > 1 ? fmt::format("`{}` is at least {} times `{}`", less->outer,
                                          less->factor, less->inner)
                            : fmt::format("`{}` is less than `{}`", less->inner, less->outer);
  if (const auto* tries = std::get_if<AttemptsRule>(&rule.what))
    return fmt::format("`{}` times `{}`, with pauses of `{}`, fit into `{}`", tries->attempts,
                       tries->each, tries->pause, tries->within);
  if (const auto* needs = std::get_if<NeedsRule>(&rule.what))
    return fmt::format("{}`{}` is set", needs->any.size() > 1 ? "one of " : "",
                       join(needs->any, "`, `"));
  return "not: " + all_of(std::get<ForbidRule>(rule.what).values, ", ");
}

std::string rule_scope(const OptionRule& rule) {
  std::string text;
  if (!rule.when.empty()) text += ", when " + all_of(rule.when, " and ");
  if (!rule.unless.empty()) text += ", unless " + all_of(rule.unless, " and ");
  if (!rule.environments.empty()) text += ", in " + join(rule.environments, " and ");
  return text;
}

}  // namespace

std::string configuration_manual(const OptionTable& table) {
  std::string text =
      "# Options\n\n"
      "Every option of the EXAI programs. This page is made from `schemas/options.schema.json`; do "
      "not edit it, run `ninja -C build/dev generated`.\n\n"
      "An option is an environment variable, or a line in an env file of the stack. Who wins: the "
      "process environment, then the environment's layers (later ones first), then the default "
      "here. `exai validate` checks them all before anything starts, and exaid refuses to start "
      "with the same words.\n\n"
      "Who reads an option: `exaid`; `stack`, the shipped stack file `configs/exai.toml`; "
      "`validate`, only the rules at the end of this page.\n";
  std::string group;
  for (const Option& option : table.options()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n## {}\n\n", group);
    }
    text += manual_entry(option);
  }
  text += "\n## Rules between options\n\n";
  for (const OptionRule& rule : table.rules())
    text +=
        fmt::format("- {}: {}{}: {}\n", rule.code, rule_words(rule), rule_scope(rule), rule.why);
  text += "\n## Names that are gone\n\n| name | what to do |\n|---|---|\n";
  for (const RetiredOption& one : table.retired())
    text += fmt::format("| `{}` | {} |\n", one.pattern, one.advice);
  return text;
}

}  // namespace exai::config
