#include "core/config/schema_explain.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/schema_values.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

std::string called(const Place& place) {
  std::string path = path_of(place);
  return path.empty() ? "the file" : path;
}

// What is not there cannot be pointed at: the key of the table that lacks it, or where it begins.
Span place_of_lack(const Place& place) {
  if (place.member != nullptr && place.member->key_span) return place.member->key_span;
  Span span = place.node.span;
  if (place.owner == nullptr) span.end = span.begin;
  return span;
}

std::string word(const json::object* source, std::string_view key) {
  return source == nullptr ? "" : find_string(*source, key).value_or("");
}

// A word of "x-exai".
std::string extra(const json::object* source, std::string_view key) {
  const json::object* vendor = source == nullptr ? nullptr : find_object(*source, "x-exai");
  return word(vendor, key);
}

std::string did_you_mean(const std::optional<std::string>& meant) {
  return meant ? fmt::format("did you mean \"{}\"?", printable(*meant)) : "";
}

// Of a key that stands in the text as it is, without quotes or escapes.
std::optional<Fix> rename(const std::string& path, const Member& member, const std::string& meant) {
  if (!member.key_span) return std::nullopt;
  const Source& source = *member.key_span.source;
  const auto begin = offset_of(source, member.key_span.begin);
  if (!begin || source.text.compare(*begin, member.key.size(), member.key) != 0)
    return std::nullopt;
  const std::string prefix = path.empty() ? "" : path + ".";
  Fix fix;
  fix.title = "write " + meant;
  fix.edits.push_back({member.key_span.source, *begin, *begin + member.key.size(), meant});
  fix.changes = {{prefix + member.key, std::nullopt, std::nullopt},
                 {prefix + meant, std::nullopt, ""}};
  return fix;
}

std::string amount(std::optional<std::size_t> least, std::optional<std::size_t> most,
                   std::size_t actual, std::string_view unit) {
  return least && actual < *least ? "at least " + count_of(*least, unit)
                                  : "at most " + count_of(most.value_or(0), unit);
}

std::string range_of(const NumberForm& form) {
  const auto text = [](double number) { return fmt::format("{:.15g}", number); };
  if (form.minimum && form.maximum && !form.above && !form.below)
    return fmt::format("between {} and {}", text(*form.minimum), text(*form.maximum));
  std::vector<std::string> parts;
  if (form.minimum) parts.push_back("at least " + text(*form.minimum));
  if (form.above) parts.push_back("more than " + text(*form.above));
  if (form.maximum) parts.push_back("at most " + text(*form.maximum));
  if (form.below) parts.push_back("less than " + text(*form.below));
  return join(parts, " and ");
}

// The names that a pattern stands for when it is one name or some, "^name$" and "^(one|other)$".
std::vector<std::string> names_of(std::string_view pattern) {
  if (!pattern.starts_with('^') || !pattern.ends_with('$') || pattern.size() < 3) return {};
  pattern = pattern.substr(1, pattern.size() - 2);
  if (pattern.starts_with('(') && pattern.ends_with(')'))
    pattern = pattern.substr(1, pattern.size() - 2);
  std::vector<std::string> names = split(pattern, '|');
  const bool plain = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find_first_of("\\.*+?[](){}^$") == name.npos && !name.empty();
  });
  return plain ? names : std::vector<std::string>();
}

// What all names of a pattern begin with when that is all it asks, "^x-".
std::string_view beginning_of(std::string_view pattern) {
  if (!pattern.starts_with('^')) return {};
  pattern.remove_prefix(1);
  return pattern.find_first_of("\\.*+?[](){}^$|") == pattern.npos ? pattern : std::string_view();
}

constexpr std::size_t kMostNames = 16;  // a list that people read

std::string listed(std::vector<std::string> names) {
  const std::size_t count = names.size();
  if (count <= kMostNames) return join(names, ", ");
  names.resize(kMostNames - 2);
  return fmt::format("{} and {} more", join(names, ", "), count - names.size());
}

}  // namespace

std::string path_of(const Place& place) {
  std::vector<const Place*> way;
  for (const Place* at = &place; at->owner != nullptr; at = at->owner) way.push_back(at);
  std::string path;
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    const Place& at = **step;
    if (at.is_key)
      path += path.empty() ? "a key" : "'s key";
    else if (at.member != nullptr)
      path.append(path.empty() ? "" : ".").append(printable(at.member->key));
    else
      path += fmt::format("[{}]", at.index);
  }
  return path;
}

std::string SchemaExplainer::shown(const Place& place, const Form& form) const {
  const json::object* vendor = form.source ? find_object(*form.source, "x-exai") : nullptr;
  const bool secret = (vendor != nullptr && find_bool(*vendor, "secret").value_or(false)) ||
                      (place.node.string() != nullptr && place.member != nullptr && !place.is_key &&
                       sounds_secret(place.member->key));
  return secret ? "this secret" : config::shown(place.node, notation_);
}

std::string SchemaExplainer::example(const Form& form) const {
  const json::array* examples = form.source ? find_array(*form.source, "examples") : nullptr;
  return examples == nullptr || examples->empty()
             ? ""
             : "for example " + written(examples->at(0), notation_);
}

Diagnostic SchemaExplainer::wrong_kind(const Place& place, const Form& form, Kinds expected) const {
  const std::string words = words_of(expected, notation_);
  if (words.empty()) return not_allowed(place, form);
  return problem("CFG003", place.node.span,
                 fmt::format("{} must be {}, not {}", called(place), words, shown(place, form)),
                 example(form));
}

Diagnostic SchemaExplainer::not_allowed(const Place& place, const Form& form) const {
  const bool is_member = place.member != nullptr && !place.is_key;
  return problem("CFG001", is_member ? place.member->key_span : place.node.span,
                 called(place) + " is not allowed here", word(form.source, "description"));
}

Diagnostic SchemaExplainer::not_the_constant(const Place& place, const Form& form) const {
  return problem("CFG005", place.node.span,
                 fmt::format("{} can only be {}, not {}", called(place),
                             written(*form.choice->only, notation_), shown(place, form)));
}

Diagnostic SchemaExplainer::not_a_choice(const Place& place, const Form& form) const {
  std::vector<std::string> words;
  std::vector<std::string> quoted;
  for (const json::value& choice : *form.choice->among) {
    quoted.push_back(written(choice, notation_));
    if (choice.is_string()) words.emplace_back(choice.get_string());
  }
  const std::string* text = place.node.string();
  return problem("CFG005", place.node.span,
                 fmt::format("{} must be one of {}, not {}", called(place), join(quoted, ", "),
                             shown(place, form)),
                 did_you_mean(text ? closest(*text, words) : std::nullopt));
}

Diagnostic SchemaExplainer::out_of_range(const Place& place, const Form& form) const {
  return problem("CFG004", place.node.span,
                 fmt::format("{} must be {}, not {}", called(place), range_of(*form.number),
                             shown(place, form)));
}

Diagnostic SchemaExplainer::not_a_multiple(const Place& place, const Form& form) const {
  return problem("CFG004", place.node.span,
                 fmt::format("{} must be a multiple of {:.15g}, not {}", called(place),
                             *form.number->multiple_of, shown(place, form)));
}

Diagnostic SchemaExplainer::wrong_length(const Place& place, const Form& form) const {
  const std::size_t length = code_points(*place.node.string());
  const std::string what =
      length == 0
          ? "not be empty"
          : "have " + amount(form.text->min_length, form.text->max_length, length, "character");
  return problem("CFG004", place.node.span, fmt::format("{} must {}", called(place), what),
                 example(form));
}

Diagnostic SchemaExplainer::no_match(const Place& place, const Form& form) const {
  const std::string expected = extra(form.source, "expected");
  const std::string what =
      expected.empty() ? "match " + std::string(form.text->pattern) : "be " + expected;
  std::string help = example(form);
  if (help.empty() && expected.empty()) help = word(form.source, "description");
  return problem("CFG003", place.node.span,
                 fmt::format("{} must {}, not {}", called(place), what, shown(place, form)),
                 std::move(help));
}

Diagnostic SchemaExplainer::bad_notation(const Place& place, const Form& form) const {
  const Format& format = *form.text->format;
  const bool is_number_out_of_range =
      format.name == "port" && parse_integer(*place.node.string()).has_value();
  return problem(
      is_number_out_of_range ? "CFG004" : "CFG003", place.node.span,
      fmt::format("{} must be {}, not {}", called(place), format.expected, shown(place, form)));
}

Diagnostic SchemaExplainer::wrong_number_of_items(const Place& place, const Form& form) const {
  const std::string count =
      amount(form.list->min_items, form.list->max_items, place.node.list()->size(), "item");
  return problem("CFG004", place.node.span, fmt::format("{} must have {}", called(place), count),
                 example(form));
}

Diagnostic SchemaExplainer::too_many_items(const Place& place, std::size_t most) const {
  return problem(
      "CFG004", place.node.span,
      fmt::format("{} must have at most {}", called(*place.owner), count_of(most, "item")),
      "remove what is too many");
}

Diagnostic SchemaExplainer::nothing_contained(const Place& place, const Form& form) const {
  const Form& wanted = forms_.behind(*form.list->contains);
  return problem("CFG002", place.node.span,
                 fmt::format("{} has no item of the kind that must be among them", called(place)),
                 word(wanted.source, "description"));
}

Diagnostic SchemaExplainer::listed_twice(const Place& list, const Node& item,
                                         const Node& first) const {
  Diagnostic one =
      problem("CFG021", item.span,
              fmt::format("{} is listed twice in {}", config::shown(item, notation_), called(list)),
              "remove one");
  one.related.push_back({first.span, "first listed here"});
  return one;
}

std::vector<std::string> SchemaExplainer::known_keys(const Form& form) const {
  std::vector<std::string> known;
  // In the order of the schema, which is the one that means something.
  if (const json::object* properties = find_object(*form.source, "properties"))
    for (const auto& property : *properties)
      if (property.key() != "$schema") known.emplace_back(property.key());
  for (const TableForm::Pattern& pattern : form.table->patterns)
    for (std::string& name : names_of(pattern.text)) known.push_back(std::move(name));
  return known;
}

std::optional<std::string> SchemaExplainer::meant_key(const Form& form,
                                                      const Member& member) const {
  for (const TableForm::Pattern& pattern : form.table->patterns) {
    const std::string_view beginning = beginning_of(pattern.text);
    if (beginning.empty() || member.key.size() <= beginning.size()) continue;
    if (edit_distance(std::string_view(member.key).substr(0, beginning.size()), beginning) == 1)
      return std::string(beginning) + member.key.substr(beginning.size());
  }
  return closest(member.key, known_keys(form));
}

Diagnostic SchemaExplainer::unknown_key(const Place& table, const Form& form,
                                        const Member& member) const {
  const std::string path = path_of(table);
  const auto meant = meant_key(form, member);
  std::string help = did_you_mean(meant);
  if (help.empty()) {
    std::vector<std::string> known = known_keys(form);
    for (const TableForm::Pattern& pattern : form.table->patterns)
      if (const std::string_view beginning = beginning_of(pattern.text); !beginning.empty())
        known.push_back(std::string(beginning) + "…");
    help = known.empty() ? "remove it" : "known here: " + listed(std::move(known));
  }
  Diagnostic one = problem(
      "CFG001", member.key_span,
      fmt::format("unknown key \"{}\"{}", printable(member.key), path.empty() ? "" : " in " + path),
      std::move(help));
  if (meant) one.fix = rename(path, member, *meant);
  return one;
}

Diagnostic SchemaExplainer::missing_key(const Place& place, const Form& form,
                                        std::string_view key) const {
  std::string help;
  if (const TableForm::Property* property = form.table->find(key)) {
    const json::object* properties = find_object(*form.source, "properties");
    const json::value* given = properties ? find(*properties, key) : nullptr;
    // Beside a $ref the description of the place is better than that of the definition.
    help = word(given ? given->if_object() : nullptr, "description");
    if (help.empty()) help = word(forms_.behind(property->form).source, "description");
    help = fmt::format("{}: {}", key, help);
  }
  return problem("CFG002", place_of_lack(place),
                 fmt::format("{} has no \"{}\"", called(place), printable(key)), std::move(help));
}

Diagnostic SchemaExplainer::missing_companion(const Place& table, const Member& because,
                                              std::string_view key) const {
  return problem(
      "CFG002", because.key_span,
      fmt::format("{} has \"{}\" but no \"{}\"", called(table), printable(because.key),
                  printable(key)),
      fmt::format("add \"{}\", or remove \"{}\"", printable(key), printable(because.key)));
}

Diagnostic SchemaExplainer::wrong_number_of_keys(const Place& place, const Form& form) const {
  const std::string count = amount(form.table->min_properties, form.table->max_properties,
                                   place.node.table()->size(), "key");
  return problem("CFG004", place_of_lack(place),
                 fmt::format("{} must have {}", called(place), count), example(form));
}

Diagnostic SchemaExplainer::none_of_the_keys(const Place& place,
                                             const std::vector<std::string>& keys) const {
  return problem("CFG002", place_of_lack(place),
                 fmt::format("{} needs one of {}", called(place), join(keys, ", ")));
}

Diagnostic SchemaExplainer::two_of_the_keys(const Place& place, const Member& first,
                                            const Member& second,
                                            const std::vector<std::string>& keys) const {
  Diagnostic one = problem("CFG002", second.key_span,
                           fmt::format("{} has both \"{}\" and \"{}\"", called(place),
                                       printable(first.key), printable(second.key)),
                           fmt::format("keep one of {}", join(keys, ", ")));
  one.related.push_back({first.key_span, "the other one"});
  return one;
}

Diagnostic SchemaExplainer::several_fit(const Place& place,
                                        const std::vector<FormIndex>& fitting) const {
  std::vector<std::string> titles;
  for (const FormIndex index : fitting)
    if (std::string title = word(forms_.behind(index).source, "title"); !title.empty())
      titles.push_back(std::move(title));
  return problem(
      "CFG003", place.node.span,
      fmt::format("{} can be read in {} ways, and must be clear", called(place), fitting.size()),
      titles.empty() ? "" : "it fits: " + join(titles, ", "));
}

Diagnostic SchemaExplainer::excluded(const Place& place, const Form& negated) const {
  const ChoiceForm* choice = negated.choice.get();
  std::string what = "be like this";
  if (choice != nullptr || negated.kinds != kAnyKind)
    what = "be " + config::shown(place.node, notation_);
  else if (negated.table && !negated.table->required.empty())
    what = "have " + join(std::vector<std::string>(negated.table->required.begin(),
                                                   negated.table->required.end()),
                          " and ");
  return problem("CFG005", place.node.span, fmt::format("{} must not {}", called(place), what),
                 word(negated.source, "description"));
}

Diagnostic SchemaExplainer::too_much(const Place& place) const {
  return problem("CFG025", place.node.span,
                 "this is too large or too deep to be checked to the end", "split it up");
}

}  // namespace exai::config
