// TMO: the times in environment files, and what their comments say of them.

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/entries.hpp"
#include "core/config/lint/tmo_rules.hpp"
#include "core/config/lint/words.hpp"
#include "core/config/option_values.hpp"

namespace exai::config {

namespace {

std::string plain(double value) {
  return fmt::format("{:.15g}", value);
}

void option_time(const Option& option, const DotenvEntry& entry, Findings& findings) {
  const auto value = parse_number(*entry.value);
  if (!value || !option.plausible || check_value(option, *entry.value)) return;
  const auto [least, most] = *option.plausible;
  if (*value >= least && *value <= most) return;
  findings
      .add("TMO005", entry.value_span,
           fmt::format("{} is {} {}: rarely meant", option.name, trim(*entry.value), option.unit),
           fmt::format("between {} and {} {} is usual", plain(least), plain(most), option.unit))
      .subject = option.name;
}

// Why a time in this unit can hardly be meant; empty: it can.
std::string doubt(double value, std::string_view unit) {
  if (value < 0) return "no time is negative";
  if (unit == "ms" && value > 0 && value < 5) return "are these seconds?";
  if (unit == "s" && value >= 100'000) return "are these milliseconds?";
  if (unit == "min" && value >= 100'000) return "are these seconds?";
  return "";
}

bool is_limit(std::string_view name) {
  const std::string_view stem = unit_in_name(name) ? name.substr(0, name.rfind('_')) : name;
  return stem.ends_with("TIMEOUT") || stem.ends_with("INTERVAL") || stem.ends_with("DEADLINE");
}

void foreign_time(const DotenvEntry& entry, Findings& findings) {
  const auto value = parse_number(*entry.value);
  if (!value || !names_a_time(entry.key)) return;
  const auto unit = unit_in_name(entry.key);
  // A life of a week in seconds is nothing unusual; a timeout of a day is.
  const std::string why = unit ? doubt(is_limit(entry.key) || *value < 0 ? *value : 1'000, *unit)
                               : doubt(std::min(*value, 0.0), "");
  if (why.empty()) return;
  findings
      .add("TMO005", entry.value_span,
           fmt::format("{} is {}{}{}: {}", entry.key, trim(*entry.value), unit ? " " : "",
                       unit.value_or(""), why),
           unit ? fmt::format("write it in {}, the unit of its name", *unit)
                : "write a time above 0")
      .subject = entry.key;
}

}  // namespace

void implausible_options(const LintSubject& subject, Findings& findings) {
  each_value(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    const Option* option = subject.options.find(entry.key);
    if (option != nullptr && file.is(EnvFileRole::layer)) option_time(*option, entry, findings);
    if (option == nullptr) foreign_time(entry, findings);
  });
}

// --- TMO008: "# 1.5 x WORKFLOW_TOOL_TIMEOUT_SECS" beside a value ---

namespace {

constexpr std::string_view kName = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
constexpr std::string_view kNumber = "0123456789.";

struct Derivation {
  double factor = 0;
  std::string name;
};

// The times sign: x, *, ×; nothing else between the two.
bool is_times(std::string_view text) {
  const std::string_view sign = trim(text);
  return sign == "x" || sign == "*" || sign == "×" || sign == "X";
}

std::string_view before(std::string_view text, std::size_t end, std::string_view letters) {
  std::size_t begin = end;
  while (begin > 0 && letters.find(text[begin - 1]) != letters.npos) --begin;
  return text.substr(begin, end - begin);
}

// A number and a times sign right before or right behind a name.
std::optional<Derivation> derivation_at(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string name(text.substr(begin, end - begin));
  // Behind: NAME x 1.5
  const std::size_t digit = text.find_first_of(kNumber, end);
  if (digit != text.npos && is_times(text.substr(end, digit - end))) {
    const std::size_t stop = std::min(text.find_first_not_of(kNumber, digit), text.size());
    if (const auto factor = parse_number(text.substr(digit, stop - digit)))
      return Derivation{*factor, name};
  }
  // Before: 1.5 x NAME
  std::size_t sign = begin;
  while (sign > 0 && kNumber.find(text[sign - 1]) == kNumber.npos) --sign;
  if (sign == 0 || !is_times(text.substr(sign, begin - sign))) return std::nullopt;
  const auto factor = parse_number(before(text, sign, kNumber));
  return factor ? std::optional(Derivation{*factor, name}) : std::nullopt;
}

std::optional<Derivation> find_derivation(std::string_view comment) {
  std::size_t at = 0;
  while ((at = comment.find_first_of(kName, at)) != comment.npos) {
    const std::size_t end = std::min(comment.find_first_not_of(kName, at), comment.size());
    const bool is_name = end - at > 2 && comment[at] >= 'A' && comment[at] <= 'Z' &&
                         comment.substr(at, end - at).find('_') != comment.npos;
    if (is_name)
      if (auto found = derivation_at(comment, at, end)) return found;
    at = end;
  }
  return std::nullopt;
}

// The lines of a file by name; the last of a name counts.
using Lines = std::map<std::string_view, const DotenvEntry*>;

Lines lines_of(const EnvFile& file) {
  Lines lines;
  for (const DotenvEntry& entry : file.entries)
    if (entry.value) lines[entry.key] = &entry;
  return lines;
}

// The number a name has for this file: its own line, else what the stack says.
std::optional<double> number_of(const LintSubject& subject, const Lines& lines,
                                const std::string& name) {
  if (const auto line = lines.find(name); line != lines.end())
    return parse_number(*line->second->value);
  const auto found = subject.resolved.variables.find(name);
  return found == subject.resolved.variables.end() ? std::nullopt
                                                   : parse_number(found->second.value);
}

}  // namespace

void derived_values(const LintSubject& subject, Findings& findings) {
  const EnvFile* seen = nullptr;
  Lines lines;  // of the file that is looked at
  each_value(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    const auto value = parse_number(*entry.value);
    const auto derived = value ? find_derivation(comments_of(file, entry)) : std::nullopt;
    if (!derived || derived->name == entry.key) return;
    if (std::exchange(seen, &file) != &file) lines = lines_of(file);
    const auto base = number_of(subject, lines, derived->name);
    if (!base) return;
    const double computed = *base * derived->factor;
    if (std::abs(computed - *value) < 0.5 + std::abs(computed) * 0.001) return;  // rounded
    findings
        .add("TMO008", entry.value_span,
             fmt::format("{} is {}, but its comment says {} times {} ({}), which is {}", entry.key,
                         trim(*entry.value), plain(derived->factor), derived->name, plain(*base),
                         plain(computed)),
             "change the value or the comment")
        .subject = entry.key;
  });
}

// --- TMO009 ---

namespace {

bool refers_to(const EnvFile& file, const DotenvEntry& entry, std::string_view name) {
  const std::string_view raw = std::string_view(file.source->text)
                                   .substr(entry.value_begin, entry.value_end - entry.value_begin);
  for (std::size_t at = raw.find(name); at != raw.npos; at = raw.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool ends = end >= raw.size() || kName.find(raw[end]) == kName.npos;
    if (ends && at > 0 && (raw[at - 1] == '$' || raw[at - 1] == '{')) return true;
  }
  return false;
}

void self_proving(const LessRule& rule, const EnvFile& file, const DotenvEntry& entry,
                  const Option& option, Findings& findings) {
  for (const auto& [made, from] :
       {std::pair(rule.outer, rule.inner), std::pair(rule.inner, rule.outer)}) {
    if (option.name != made || !refers_to(file, entry, from)) continue;
    findings
        .add("TMO009", entry.value_span,
             fmt::format("{} is made from {}, with which it is compared: that proves nothing", made,
                         from),
             "write the time that was chosen, so that a change of one is checked against the "
             "other")
        .subject = made;
    return;
  }
}

}  // namespace

void rules_that_cannot_fail(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    if (!file.is(EnvFileRole::layer)) continue;
    for (const DotenvEntry& entry : file.entries) {
      const Option* option = entry.value ? subject.options.find(entry.key) : nullptr;
      if (option == nullptr) continue;
      for (const OptionRule& rule : subject.options.rules())
        if (const auto* less = std::get_if<LessRule>(&rule.what))
          self_proving(*less, file, entry, *option, findings);
    }
  }
}

}  // namespace exai::config
