// From schemas/options.schema.json to the table; all that could be wrong with it is found here, so
// that the rest of the program need not ask.

#include <algorithm>
#include <array>
#include <set>

#include "core/base/contains.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"
#include "core/config/option_values.hpp"
#include "core/config/options.hpp"

namespace exai::config {

namespace {

using Words = std::vector<std::string_view>;

Result<> only_known(const json::object& object, const Words& known) {
  for (const auto& member : object)
    if (!contains(known, std::string_view(member.key())))
      return fail(Errc::invalid, "unknown key \"{}\"", std::string_view(member.key()));
  return {};
}

Result<> one_of(const Words& words, std::string_view word, std::string_view what) {
  if (word.empty() || contains(words, word)) return {};
  return fail(Errc::invalid, "unknown {} \"{}\"", what, word);
}

std::vector<std::string> texts(const json::object& object, std::string_view key) {
  std::vector<std::string> result;
  if (const json::array* array = find_array(object, key))
    for (const json::value& item : *array)
      if (item.is_string()) result.emplace_back(item.get_string());
  return result;
}

std::string as_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_double()) return fmt::format("{}", value.get_double());
  return to_text(value);
}

std::optional<std::string> text_of(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  return value == nullptr ? std::nullopt : std::optional(as_text(*value));
}

std::vector<OptionCondition> conditions(const json::object& object, std::string_view key) {
  std::vector<OptionCondition> result;
  if (const json::object* given = find_object(object, key))
    for (const auto& member : *given)
      result.push_back({std::string(member.key()), as_text(member.value())});
  return result;
}

Result<OptionType> parse_type(const json::object& schema) {
  const std::string type = find_string(schema, "type").value_or("");
  if (type == "string") return OptionType::text;
  if (type == "integer") return OptionType::integer;
  if (type == "number") return OptionType::number;
  if (type == "boolean") return OptionType::boolean;
  return fail(Errc::invalid, "\"type\" is none of string, integer, number, boolean");
}

Result<Severity> parse_level(const json::object& alias) {
  const std::string level = find_string(alias, "level").value_or("warning");
  for (const Severity severity : {Severity::error, Severity::warning, Severity::info})
    if (name(severity) == level) return severity;
  return fail(Errc::invalid, "unknown level \"{}\" of an alias", level);
}

Result<std::vector<OptionAlias>> parse_aliases(const json::object& extra) {
  std::vector<OptionAlias> aliases;
  const json::array* given = find_array(extra, "aliases");
  if (given == nullptr) return aliases;
  for (const json::value& one : *given) {
    OptionAlias alias;
    if (one.is_string()) {
      alias.name = one.get_string();
    } else if (const json::object* object = one.if_object()) {
      if (auto known = only_known(*object, {"name", "since", "level", "message"}); !known)
        return fail(known.error().within("an alias"));
      TRY(level, parse_level(*object));
      alias = {find_string(*object, "name").value_or(""), true, level,
               find_string(*object, "since").value_or(""),
               find_string(*object, "message").value_or("")};
    }
    if (alias.name.empty()) return fail(Errc::invalid, "an alias has no name");
    aliases.push_back(std::move(alias));
  }
  return aliases;
}

Result<std::optional<Duration>> parse_rotation(const json::object& extra) {
  const auto text = find_string(extra, "rotate");
  if (!text) return std::optional<Duration>();
  TRY(period, parse_duration(*text));
  return std::optional(period);
}

Result<> parse_words(const json::object& extra, Option& option) {
  option.unit = find_string(extra, "unit").value_or("");
  option.kind = find_string(extra, "kind").value_or("");
  option.readers = texts(extra, "readers");
  const std::string reload = find_string(extra, "reload").value_or("restart");
  option.reload = reload == "live" ? Option::Reload::live : Option::Reload::restart;
  if (option.readers.empty()) return fail(Errc::invalid, "no readers");
  for (const std::string& reader : option.readers)
    if (auto known = one_of({"exaid", "exai-supervisor", "stack", "validate"}, reader, "reader");
        !known)
      return known;
  return one_of({"port", "ms", "s", "min", "h", "bytes", "%"}, option.unit, "unit")
      .and_then([&] {
        return one_of({"url", "host", "path", "regex", "list", "timezone"}, option.kind, "kind");
      })
      .and_then([&] {
        return one_of({"live", "restart"}, reload, "reload");
      });
}

Result<Option> parse_option(std::string_view name, const json::value& value) {
  if (!value.is_object()) return fail(Errc::invalid, "no object");
  const json::object& schema = value.get_object();
  const json::object* extra = find_object(schema, "x-exai");
  if (extra == nullptr) return fail(Errc::invalid, "no \"x-exai\"");
  TRY(type, parse_type(schema));
  if (auto known = only_known(
          *extra, {"group", "order", "unit", "kind", "default", "docker", "secret", "rotate",
                   "minBytes", "sameAs", "aliases", "requires", "readers", "reload", "plausible"});
      !known)
    return fail(known.error());
  TRY(aliases, parse_aliases(*extra));
  TRY(rotate, parse_rotation(*extra));
  Option option;
  option.name = name;
  option.type = type;
  option.description = find_string(schema, "description").value_or("");
  option.default_value = text_of(schema, "default");
  option.choices = texts(schema, "enum");
  option.minimum = find_number(schema, "minimum");
  option.maximum = find_number(schema, "maximum");
  if (const auto length = find_integer(schema, "minLength"))
    option.min_length = static_cast<std::size_t>(*length);
  option.group = find_string(*extra, "group").value_or("");
  option.order = static_cast<int>(find_integer(*extra, "order").value_or(0));
  for (const OptionCondition& one : conditions(*extra, "default"))
    option.environment_defaults[one.name] = one.value;
  option.docker = text_of(*extra, "docker");
  option.secret = find_bool(*extra, "secret").value_or(false);
  option.rotate = rotate;
  if (const auto bytes = find_integer(*extra, "minBytes"))
    option.min_bytes = static_cast<std::size_t>(*bytes);
  if (const json::array* range = find_array(*extra, "plausible"); range && range->size() == 2)
    option.plausible = {range->at(0).to_number<double>(), range->at(1).to_number<double>()};
  option.same_as = texts(*extra, "sameAs");
  option.aliases = std::move(aliases);
  option.requirements = conditions(*extra, "requires");
  if (option.group.empty()) return fail(Errc::invalid, "no group");
  if (option.description.empty()) return fail(Errc::invalid, "no description");
  if (auto words = parse_words(*extra, option); !words) return fail(words.error());
  return option;
}

Result<OptionRule> parse_rule(const json::object& object) {
  if (auto known =
          only_known(object, {"code", "why", "when", "unless", "environments", "less", "factor",
                              "attempts", "each", "pause", "within", "needs", "forbid"});
      !known)
    return fail(known.error());
  OptionRule rule;
  rule.code = find_string(object, "code").value_or("");
  rule.why = find_string(object, "why").value_or("");
  rule.when = conditions(object, "when");
  rule.unless = conditions(object, "unless");
  rule.environments = texts(object, "environments");
  if (rule.code.empty()) return fail(Errc::invalid, "no code");
  if (rule.why.empty()) return fail(Errc::invalid, "no \"why\"");
  if (const auto pair = texts(object, "less"); pair.size() == 2) {
    rule.what = LessRule{pair[0], pair[1], find_number(object, "factor").value_or(1)};
  } else if (const auto attempts = find_string(object, "attempts")) {
    rule.what = AttemptsRule{std::string(*attempts), find_string(object, "each").value_or(""),
                             find_string(object, "pause").value_or(""),
                             find_string(object, "within").value_or("")};
  } else if (const auto any = texts(object, "needs"); !any.empty()) {
    rule.what = NeedsRule{any};
  } else if (const auto values = conditions(object, "forbid"); !values.empty()) {
    rule.what = ForbidRule{values};
  } else {
    return fail(Errc::invalid, "it is none of less, attempts, needs, forbid");
  }
  return rule;
}

Result<std::vector<Option>> parse_options(const json::object& properties) {
  std::vector<Option> options;
  for (const auto& property : properties) {
    auto option = parse_option(property.key(), property.value());
    if (!option) return fail(option.error().within("option " + std::string(property.key())));
    options.push_back(std::move(*option));
  }
  return options;
}

Result<std::vector<OptionRule>> parse_rules(const json::object& root) {
  std::vector<OptionRule> rules;
  const json::array* given = find_array(root, "x-exai-rules");
  if (given == nullptr) return rules;
  for (const json::value& one : *given) {
    const std::string where = fmt::format("rule {}", rules.size() + 1);
    if (!one.is_object()) return fail(Errc::invalid, "{}: no object", where);
    auto rule = parse_rule(one.get_object());
    if (!rule) return fail(rule.error().within(where));
    rules.push_back(std::move(*rule));
  }
  return rules;
}

// --- soundness: what is said must fit together ---

Result<> names_are_unique(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const Option& option : options) {
    names.push_back(option.name);
    for (const OptionAlias& alias : option.aliases) names.push_back(alias.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return fail(Errc::invalid, "the name {} is given twice", *twice);
}

Result<> defaults_are_values(const Option& option) {
  std::vector<std::string> values;
  if (option.default_value) values.push_back(*option.default_value);
  if (option.docker) values.push_back(*option.docker);
  for (const auto& [environment, value] : option.environment_defaults) values.push_back(value);
  if (option.secret && !values.empty())
    return fail(Errc::invalid, "option {}: a secret has no default", option.name);
  for (const std::string& value : values)
    if (const auto wrong = check_value(option, value))
      return fail(Errc::invalid, "option {}: its default is wrong: {}", option.name,
                  wrong->message);
  return {};
}

Result<> is_option(const OptionTable& table, std::string_view name, std::string_view where) {
  const Option* option = table.find(name);
  if (option != nullptr && option->name == name) return {};
  return fail(Errc::invalid, "{} names {}, which is no option", where, name);
}

// Numbers that are compared count the same, or both time.
Result<> is_comparable(const OptionTable& table, const OptionRule& rule, std::string_view where) {
  std::vector<std::string> compared;
  if (const auto* less = std::get_if<LessRule>(&rule.what)) compared = {less->inner, less->outer};
  if (const auto* attempts = std::get_if<AttemptsRule>(&rule.what))
    compared = {attempts->each, attempts->pause, attempts->within};
  for (const std::string& name : compared) {
    const Option& option = *table.find(name);
    const Option& first = *table.find(compared.front());
    const bool number = option.type == OptionType::integer || option.type == OptionType::number;
    const bool same = option.is_duration() == first.is_duration() &&
                      (option.is_duration() || option.unit == first.unit);
    if (!number || !same)
      return fail(Errc::invalid, "{} compares {} and {}, which count different things", where,
                  first.name, name);
  }
  return {};
}

Result<> rules_hold_for_defaults(const OptionTable& table) {
  for (const std::string_view environment : {"dev", "staging", "prod"}) {
    const auto defaults = [&](std::string_view name) {
      const auto value = table.find(name)->default_for(environment);
      return value ? OptionValue{*value, OptionValue::From::default_value} : OptionValue{};
    };
    const auto broken = broken_rules(table, environment, defaults);
    if (!broken.empty())
      return fail(Errc::invalid, "the defaults of {} break a rule: {}", environment,
                  broken.front().message);
  }
  return {};
}

Result<> is_sound(const OptionTable& table) {
  for (const Option& option : table.options()) {
    if (auto sound = defaults_are_values(option); !sound) return sound;
    for (const OptionCondition& one : option.requirements)
      if (auto sound = is_option(table, one.name, "option " + option.name); !sound) return sound;
  }
  for (std::size_t i = 0; i < table.rules().size(); ++i) {
    const std::string where = fmt::format("rule {}", i + 1);
    if (find_rule(table.rules()[i].code) == nullptr)
      return fail(Errc::invalid, "{}: no rule has the code {}", where, table.rules()[i].code);
    for (const std::string& name : table.rules()[i].names())
      if (auto sound = is_option(table, name, where); !sound) return sound;
    if (auto sound = is_comparable(table, table.rules()[i], where); !sound) return sound;
  }
  return rules_hold_for_defaults(table);
}

}  // namespace

Result<OptionTable> OptionTable::parse(std::string_view schema) {
  TRY(root, parse_json_object(schema));
  const json::object* properties = exai::find_object(root, "properties");
  if (properties == nullptr) return fail(Errc::invalid, "the option table has no \"properties\"");
  TRY(options, parse_options(*properties));
  TRY(rules, parse_rules(root));
  if (auto unique = names_are_unique(options); !unique) return fail(unique.error());
  std::vector<RetiredOption> retired;
  for (const OptionCondition& one : conditions(root, "x-exai-retired"))
    retired.push_back({one.name, one.value});
  OptionTable table(std::move(options), std::move(rules), std::move(retired));
  if (auto sound = is_sound(table); !sound) return fail(sound.error());
  return table;
}

}  // namespace exai::config
