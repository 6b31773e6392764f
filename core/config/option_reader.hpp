#pragma once
// Values of options as a program reads them: typed, checked as `exai validate` checks them, and
// every read is remembered, so that the build can compare what is listed with what is read.
// Who wins: the environment, NAME before an alias, else the default of the environment it names.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/config/options.hpp"
#include "core/config/settings.hpp"

namespace exai::config {

class OptionReader {
 public:
  // `given` is an environment. NAME_FILE is followed through `read` (both set: a diagnostic).
  // Everything wrong is in diagnostics() at once, also between options; the readers below then give
  // defaults.
  OptionReader(const OptionTable& table, std::string_view reader,
               const std::map<std::string, std::string>& given,
               const std::function<Result<std::string>(const Path&)>& read);

  const Diagnostics& diagnostics() const { return diagnostics_; }
  const std::string& environment() const { return environment_; }

  // A name that is not in the table, not listed for this reader, or of another type aborts, and
  // says which.
  std::string text(std::string_view name);
  std::int64_t integer(std::string_view name);
  double number(std::string_view name);
  bool boolean(std::string_view name);
  Secret secret(std::string_view name);      // empty when unset
  Duration duration(std::string_view name);  // by its unit: ms, s, min, h
  std::uint16_t port(std::string_view name);
  std::vector<std::string> list(std::string_view name);  // kind "list": trimmed, without empty ones

  // What is in effect, in the order of the table; also what has no value.
  struct InEffect {
    const Option* option = nullptr;
    std::string value;  // of a secret too
    std::string from;   // the name in the environment, "default", or "": not set
  };
  std::vector<InEffect> in_effect() const;

  // Names of the table for this reader that nobody has asked for yet.
  std::vector<std::string> unread() const;

 private:
  struct Value {
    std::string text;
    bool given = false;  // not the default
    Span span;           // in the file that NAME_FILE names
    std::string name;    // under which it is given
  };

  void collect(const std::map<std::string, std::string>& given,
               const std::function<Result<std::string>(const Path&)>& read);
  void check_rules();
  const Option& option(std::string_view name, OptionType type);
  const std::string* value(std::string_view name) const;

  const OptionTable& table_;
  std::string reader_;
  std::string environment_;
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, bool, std::less<>> read_;
  Diagnostics diagnostics_;
};

}  // namespace exai::config
