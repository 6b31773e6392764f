#pragma once
// The option table: every option once, read from schemas/options.schema.json, which is embedded in
// the programs. Validation, defaults, .env.example, docs/CONFIGURATION.md and exaid's own reader
// all come from it. JSON Schema draft 7 plus one vendor object:
//
//   "EXAI_WS_PORT": { "type": "integer", "minimum": 1, "maximum": 65535, "default": 8079,
//     "description": "…", "x-exai": { "group": "server", "order": 20, … } }
//
//   group, order   where it stands in the documentation
//   readers        who reads it: exaid, exai-supervisor, stack (the shipped stack file), validate
//                  (only the rules between options); `check_options` proves each at build time
//   unit           what its number counts: port, ms, s, min, h, bytes, %
//   kind           what its text is: url, host, path, regex, list (by commas), timezone
//   default        {"prod": "json"}: where an environment's default differs from the schema's
//   docker         the value inside a container, where that differs
//   secret         never shown, delivered by file; rotate "90d", minBytes, sameAs: names in other
//                  programs that must have the same value
//   aliases        other names: "NAME", or, when it should no longer be used,
//                  {"name", "since", "level": "info"|"warning"|"error", "message"}
//   requires       {"EXAI_STORE": "redis"}: without that it has no effect ("*": any value)
//   plausible      [5, 3600]: outside of it a value is allowed, but rarely meant
//   reload         "live": a reload applies it; "restart" (the default): a restart does
//
// Beside them, x-exai-rules are the rules between options (option_rules.hpp), and x-exai-retired
// the names that nothing takes any more, with what to do; "*" in them stands for anything.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/option_rules.hpp"

namespace exai::config {

enum class OptionType { text, integer, number, boolean };

struct OptionAlias {
  std::string name;
  bool deprecated = false;  // else simply a second name
  Severity level = Severity::warning;
  std::string since;
  std::string message;  // why, or what to watch; may be empty
};

struct Option {
  enum class Reload { restart, live };

  std::string name;
  OptionType type = OptionType::text;
  std::string description;
  std::optional<std::string> default_value;  // as text; none: unset unless given
  std::map<std::string, std::string, std::less<>> environment_defaults;
  std::optional<std::string> docker;
  std::vector<std::string> choices;  // enum
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<std::size_t> min_length;
  std::string group;
  int order = 0;
  std::string unit;
  std::string kind;
  bool secret = false;
  std::optional<std::pair<double, double>> plausible;
  std::optional<Duration> rotate;
  std::optional<std::size_t> min_bytes;
  std::vector<std::string> same_as;
  std::vector<OptionAlias> aliases;
  std::vector<OptionCondition> requirements;  // `requires` is a word of C++
  std::vector<std::string> readers;
  Reload reload = Reload::restart;

  std::optional<std::string> default_for(std::string_view environment) const;
  bool is_read_by(std::string_view reader) const;
  const OptionAlias* alias(std::string_view called) const;  // nothing for its own name
  bool is_duration() const;                                 // by its unit
};

struct RetiredOption {
  std::string pattern;  // "AUDITOR_*"
  std::string advice;   // what to do instead
};

class OptionTable {
 public:
  OptionTable(std::vector<Option> options, std::vector<OptionRule> rules,
              std::vector<RetiredOption> retired);
  // The embedded table. Aborts when it is not sound: the build checks it.
  static const OptionTable& shipped();
  // Errors: invalid, naming the option or rule: what it says must fit together, too (defaults that
  // their own limits refuse, rules about names that are not there or broken by the defaults).
  static Result<OptionTable> parse(std::string_view schema);

  const std::vector<Option>& options() const { return options_; }  // by group, then order
  const Option* find(std::string_view name) const;                 // aliases too
  const RetiredOption* find_retired(std::string_view name) const;
  const std::vector<std::string>& groups() const { return groups_; }
  const std::vector<OptionRule>& rules() const { return rules_; }
  const std::vector<RetiredOption>& retired() const { return retired_; }

 private:
  std::vector<Option> options_;
  std::map<std::string, std::size_t, std::less<>> index_;  // by name and alias
  std::vector<std::string> groups_;
  std::vector<OptionRule> rules_;
  std::vector<RetiredOption> retired_;
};

// schemas/options.schema.json as it is in this program.
std::string_view options_schema_text();

// The duration that an option's number means; none when it is no number or its unit no time.
std::optional<Duration> duration_of(const Option& option, std::string_view value);

// What is said of a name that should no longer be used: "WS_PORT is an old name of EXAI_WS_PORT".
std::string alias_message(const Option& option, const OptionAlias& alias);

}  // namespace exai::config
