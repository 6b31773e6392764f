#include "core/config/option_reader.hpp"

#include <algorithm>
#include <cstdio>

#include "core/base/text.hpp"
#include "core/config/option_values.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

using Environment = std::map<std::string, std::string>;
using ReadFile = std::function<Result<std::string>(const Path&)>;

// A value that is given, and under which name.
struct Given {
  std::string name;
  std::string value;
  Span span;
};

// A place in the file that a value came from: its first line, hidden when nobody may see it.
Span place_in(const std::string& file, std::string_view text, bool secret) {
  const std::string line(text.substr(0, text.find('\n')));
  const auto width = static_cast<std::uint32_t>(code_points(line));
  auto source = std::make_shared<Source>(Source{file, secret ? std::string(width, '*') : line});
  return {std::move(source), {1, 1}, {1, std::max(width, 1U) + 1}};
}

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// NAME, or what is in the file that NAME_FILE names. An empty value is none.
std::optional<Given> value_of(const Option& option, const std::string& name,
                              const Environment& given, const ReadFile& read,
                              Diagnostics& diagnostics) {
  const auto direct = given.find(name);
  const auto file = given.find(name + "_FILE");
  const bool has_direct = direct != given.end() && !direct->second.empty();
  const bool has_file = file != given.end() && !file->second.empty();
  if (has_direct && has_file) {
    diagnostics.push_back(problem(
        "SEC013", {}, fmt::format("{} and {}_FILE are both set", name, name), "unset one of them"));
    return std::nullopt;
  }
  if (has_direct) return Given{name, direct->second, {}};
  if (!has_file) return std::nullopt;
  const auto text = read(file->second);
  if (!text) {
    diagnostics.push_back(
        problem("CFG022", {}, fmt::format("{}_FILE: {}", name, text.error().message()),
                "the file must exist and be readable by the user of this program"));
    return std::nullopt;
  }
  const std::string_view value = without_line_end(*text);
  return Given{name + "_FILE", std::string(value), place_in(file->second, value, option.secret)};
}

// The option's value under its own name or an alias.
std::optional<Given> find_value(const Option& option, const Environment& given,
                                const ReadFile& read, Diagnostics& diagnostics) {
  std::optional<Given> found = value_of(option, option.name, given, read, diagnostics);
  for (const OptionAlias& alias : option.aliases) {
    auto other = value_of(option, alias.name, given, read, diagnostics);
    if (!other) continue;
    if (found && found->value != other->value)
      diagnostics.push_back(
          problem("CFG008", other->span,
                  fmt::format("{} and {} have different values", found->name, other->name),
                  fmt::format("they are two names of one option: keep {}", option.name)));
    if (!found) found = std::move(other);
  }
  return found;
}

// The table decides what a default is by the environment, so that is read first, and quietly.
std::string environment_of(const OptionTable& table, const Environment& given,
                           const ReadFile& read) {
  const Option* option = table.find("ENVIRONMENT");
  if (option == nullptr) return "dev";
  Diagnostics unsaid;
  const auto found = find_value(*option, given, read, unsaid);
  return found && !found->value.empty() ? found->value : option->default_value.value_or("dev");
}

// What a program asks for must be listed for it: else the build fails, and says this.
[[noreturn]] void not_listed(std::string_view name, std::string_view reader,
                             std::string_view what) {
  fmt::print(stderr, "{} is read by {}, but schemas/options.schema.json {}\n", name, reader, what);
  assertion_failed("the option table lists what is read", __FILE__, __LINE__);
}

}  // namespace

OptionReader::OptionReader(const OptionTable& table, std::string_view reader,
                           const Environment& given, const ReadFile& read)
    : table_(table), reader_(reader), environment_(environment_of(table, given, read)) {
  collect(given, read);
  check_rules();
}

void OptionReader::collect(const Environment& given, const ReadFile& read) {
  for (const Option& option : table_.options()) {
    if (!option.is_read_by(reader_)) continue;
    read_[option.name] = false;
    if (const auto preset = option.default_for(environment_))
      values_[option.name] = {*preset, false, {}, ""};
    auto found = find_value(option, given, read, diagnostics_);
    if (!found || found->value.empty()) continue;
    if (auto wrong = check_value(option, found->value))
      diagnostics_.push_back(problem(std::move(wrong->code), std::move(found->span),
                                     std::move(wrong->message), std::move(wrong->help)));
    else if (option.secret && is_placeholder(found->value))
      diagnostics_.push_back(
          problem("SEC005", std::move(found->span),
                  fmt::format("{} still has the value of an example", option.name),
                  "put the real secret there, or remove it"));
    else
      values_[option.name] = {std::move(found->value), true, std::move(found->span),
                              std::move(found->name)};
  }
}

// Rules that are about options of this program alone; `exai validate` knows the others.
void OptionReader::check_rules() {
  const auto value_of_option = [this](std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end()) return OptionValue{};
    return OptionValue{found->second.text, found->second.given ? OptionValue::From::given
                                                               : OptionValue::From::default_value};
  };
  for (const BrokenRule& broken : broken_rules(table_, environment_, value_of_option)) {
    const auto is_ours = [this](const std::string& name) { return read_.contains(name); };
    if (!is_ours(broken.option) ||
        !std::all_of(broken.others.begin(), broken.others.end(), is_ours))
      continue;
    const auto place = values_.find(broken.option);
    diagnostics_.push_back(problem(broken.code,
                                   place == values_.end() ? Span{} : place->second.span,
                                   broken.message, broken.help));
  }
}

const Option& OptionReader::option(std::string_view name, OptionType type) {
  const Option* found = table_.find(name);
  if (found == nullptr || found->name != name) not_listed(name, reader_, "does not list it");
  if (found->type != type) not_listed(name, reader_, "gives it another type");
  const auto read = read_.find(name);
  if (read == read_.end()) not_listed(name, reader_, "does not name that reader");
  read->second = true;
  return *found;
}

const std::string* OptionReader::value(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second.text;
}

std::string OptionReader::text(std::string_view name) {
  const Option& listed = option(name, OptionType::text);
  EXAI_ASSERT(!listed.secret);
  const std::string* found = value(name);
  return found == nullptr ? "" : *found;
}

std::vector<std::string> OptionReader::list(std::string_view name) {
  EXAI_ASSERT(option(name, OptionType::text).kind == "list");
  std::vector<std::string> items;
  for (const std::string& item : split(text(name), ','))
    if (!trim(item).empty()) items.emplace_back(trim(item));
  return items;
}

std::int64_t OptionReader::integer(std::string_view name) {
  option(name, OptionType::integer);
  const std::string* found = value(name);
  return found == nullptr ? 0 : parse_integer(*found).value_or(0);
}

double OptionReader::number(std::string_view name) {
  option(name, OptionType::number);
  const std::string* found = value(name);
  return found == nullptr ? 0 : parse_number(*found).value_or(0);
}

bool OptionReader::boolean(std::string_view name) {
  option(name, OptionType::boolean);
  const std::string* found = value(name);
  return found != nullptr && parse_bool(*found).value_or(false);
}

Secret OptionReader::secret(std::string_view name) {
  const Option& listed = option(name, OptionType::text);
  EXAI_ASSERT(listed.secret);
  const std::string* found = value(name);
  return found == nullptr ? Secret() : Secret(*found);
}

Duration OptionReader::duration(std::string_view name) {
  const Option* listed = table_.find(name);
  if (listed == nullptr) not_listed(name, reader_, "does not list it");
  EXAI_ASSERT(listed->is_duration());
  option(name, listed->type);
  const std::string* found = value(name);
  return found == nullptr ? Duration{} : duration_of(*listed, *found).value_or(Duration{});
}

std::uint16_t OptionReader::port(std::string_view name) {
  const std::int64_t number = integer(name);
  EXAI_ASSERT(number >= 0 && number <= 65535);
  return static_cast<std::uint16_t>(number);
}

std::vector<OptionReader::InEffect> OptionReader::in_effect() const {
  std::vector<InEffect> all;
  for (const Option& option : table_.options()) {
    if (!read_.contains(option.name)) continue;
    InEffect one;
    one.option = &option;
    if (const auto found = values_.find(option.name); found != values_.end()) {
      one.value = found->second.text;
      one.from = found->second.given ? found->second.name : "default";
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> OptionReader::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, read] : read_)
    if (!read) names.push_back(name);
  return names;
}

}  // namespace exai::config
