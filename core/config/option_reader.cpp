#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/option_values.hpp"
#include "core/config/options.hpp"

namespace exai::config {

namespace {

using Environment = std::map<std::string, std::string>;
using ReadFile = std::function<Result<std::string>(const Path&)>;

// A value that is given, and under which name.
struct Given {
  std::string name;
  std::string value;
};

// NAME, or what is in the file that NAME_FILE names. An empty value is none.
std::optional<Given> value_of(const std::string& name, const Environment& given,
                              const ReadFile& read, Diagnostics& diagnostics) {
  const auto direct = given.find(name);
  const auto file = given.find(name + "_FILE");
  const bool has_direct = direct != given.end() && !direct->second.empty();
  const bool has_file = file != given.end() && !file->second.empty();
  if (has_direct && has_file) {
    diagnostics.push_back(problem(
        "SEC013", {}, fmt::format("{} and {}_FILE are both set", name, name), "unset one of them"));
    return std::nullopt;
  }
  if (has_direct) return Given{name, direct->second};
  if (!has_file) return std::nullopt;
  const auto text = read(file->second);
  if (!text) {
    diagnostics.push_back(
        problem("CFG022", {}, fmt::format("{}_FILE: {}", name, text.error().message()),
                "the file must exist and be readable by the user of this program"));
    return std::nullopt;
  }
  std::string_view value = *text;
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  return Given{name + "_FILE", std::string(value)};
}

// The option's value under its own name or an alias.
std::optional<Given> find_value(const Option& option, const Environment& given,
                                const ReadFile& read, Diagnostics& diagnostics) {
  std::optional<Given> found = value_of(option.name, given, read, diagnostics);
  for (const std::string& alias : option.aliases) {
    auto other = value_of(alias, given, read, diagnostics);
    if (!other) continue;
    if (found && found->value != other->value)
      diagnostics.push_back(problem(
          "CFG008", {}, fmt::format("{} and {} have different values", found->name, other->name),
          fmt::format("they are two names of one option: keep {}", option.name)));
    if (!found) found = std::move(other);
  }
  return found;
}

}  // namespace

OptionReader::OptionReader(const OptionTable& table, std::string_view reader,
                           const Environment& given, const ReadFile& read)
    : table_(table), reader_(reader) {
  for (const Option& option : table.options()) {
    if (std::find(option.readers.begin(), option.readers.end(), reader_) == option.readers.end())
      continue;
    read_[option.name] = false;
    if (option.default_value) values_[option.name] = *option.default_value;
    const auto found = find_value(option, given, read, diagnostics_);
    if (!found || found->value.empty()) continue;
    if (auto wrong = check_value(option, found->value))
      diagnostics_.push_back(
          problem(std::move(wrong->code), {}, std::move(wrong->message), std::move(wrong->help)));
    else
      values_[option.name] = found->value;
  }
}

const Option& OptionReader::option(std::string_view name, OptionType type) {
  const Option* found = table_.find(name);
  EXAI_ASSERT(found != nullptr && found->name == name && found->type == type);
  const auto read = read_.find(name);
  EXAI_ASSERT(read != read_.end());  // the table does not list this program as its reader
  read->second = true;
  return *found;
}

std::string OptionReader::text(std::string_view name) {
  const Option& listed = option(name, OptionType::text);
  EXAI_ASSERT(!listed.secret);
  const auto value = values_.find(name);
  return value == values_.end() ? "" : value->second;
}

std::int64_t OptionReader::integer(std::string_view name) {
  option(name, OptionType::integer);
  const auto value = values_.find(name);
  return value == values_.end() ? 0 : parse_integer(value->second).value_or(0);
}

double OptionReader::number(std::string_view name) {
  option(name, OptionType::number);
  const auto value = values_.find(name);
  return value == values_.end() ? 0 : parse_number(value->second).value_or(0);
}

bool OptionReader::boolean(std::string_view name) {
  option(name, OptionType::boolean);
  const auto value = values_.find(name);
  return value != values_.end() && parse_bool(value->second).value_or(false);
}

Secret OptionReader::secret(std::string_view name) {
  const Option& listed = option(name, OptionType::text);
  EXAI_ASSERT(listed.secret);
  const auto value = values_.find(name);
  return value == values_.end() ? Secret() : Secret(value->second);
}

Duration OptionReader::duration(std::string_view name) {
  const Option* listed = table_.find(name);
  EXAI_ASSERT(listed != nullptr && (listed->unit == "s" || listed->unit == "ms"));
  const bool whole = listed->type == OptionType::integer;
  const double count = whole ? static_cast<double>(integer(name)) : number(name);
  return Duration(static_cast<std::int64_t>(listed->unit == "s" ? count * 1000 : count));
}

std::uint16_t OptionReader::port(std::string_view name) {
  const std::int64_t number = integer(name);
  EXAI_ASSERT(number >= 0 && number <= 65535);
  return static_cast<std::uint16_t>(number);
}

std::vector<std::string> OptionReader::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, read] : read_)
    if (!read) names.push_back(name);
  return names;
}

}  // namespace exai::config
