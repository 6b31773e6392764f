#pragma once
// The option table: every option once, read from schemas/options.schema.json, which is embedded in
// the programs. Validation, defaults, .env.example, the documentation and exaid's own reader all
// come from it. JSON Schema draft 7 plus one vendor object:
//
//   "EXAI_WS_PORT": { "type": "integer", "minimum": 1, "maximum": 65535, "default": 8079,
//     "description": "…", "x-exai": { "group": "server", "order": 20, "unit": "port",
//     "secret": false, "aliases": ["WS_PORT"], "readers": ["exaid"] } }

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/settings.hpp"

namespace exai::config {

enum class OptionType { text, integer, number, boolean };

struct Option {
  std::string name;
  OptionType type = OptionType::text;
  std::string description;
  std::optional<std::string> default_value;  // as text; none: unset unless given
  std::vector<std::string> choices;          // enum
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<std::size_t> min_length;
  std::string group;
  int order = 0;
  std::string unit;  // "port", "s", "ms", "bytes", "url", "path", ""
  bool secret = false;
  std::vector<std::string> aliases;
  std::vector<std::string> readers;  // "exaid", "exai-supervisor", "stack"
};

class OptionTable {
 public:
  // The embedded table. Aborts when it does not parse: a test keeps that from happening.
  static const OptionTable& shipped();
  static Result<OptionTable> parse(std::string_view schema);

  const std::vector<Option>& options() const { return options_; }  // by group, then order
  const Option* find(std::string_view name) const;                 // aliases too
  const std::vector<std::string>& groups() const { return groups_; }

 private:
  std::vector<Option> options_;
  std::vector<std::string> groups_;
};

// Values of options as a program reads them: typed, and every read is remembered, so that a test
// can compare what is listed with what is read. Asking for a name that is not in the table, or with
// another type, aborts.
class OptionReader {
 public:
  // `given` is an environment. NAME_FILE is followed through `read` (both set: a diagnostic).
  // Everything wrong is in diagnostics() at once; the readers below then give defaults.
  OptionReader(const OptionTable& table, std::string_view reader,
               const std::map<std::string, std::string>& given,
               const std::function<Result<std::string>(const Path&)>& read);

  const Diagnostics& diagnostics() const { return diagnostics_; }

  std::string text(std::string_view name);
  std::int64_t integer(std::string_view name);
  double number(std::string_view name);
  bool boolean(std::string_view name);
  Secret secret(std::string_view name);        // empty when unset
  Duration duration(std::string_view name);    // by its unit: s, ms
  std::uint16_t port(std::string_view name);

  // Names of the table for this reader that nobody has asked for yet.
  std::vector<std::string> unread() const;

 private:
  const Option& option(std::string_view name, OptionType type);
  const OptionTable& table_;
  std::string reader_;
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, bool, std::less<>> read_;
  Diagnostics diagnostics_;
};

// The text of .env.example: every option with its description, unit, range and default.
std::string env_example(const OptionTable& table);

}  // namespace exai::config
