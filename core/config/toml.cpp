#include "core/config/toml.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <exception>
#include <sstream>

#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/toml_outline.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{256} << 10U;

Span span_of(const SourcePtr& source, const toml::source_region& region) {
  return {source, {region.begin.line, region.begin.column}, {region.end.line, region.end.column}};
}

Diagnostic syntax_error(std::string message, std::string help, Span span) {
  return problem("CFG020", std::move(span), std::move(message), std::move(help));
}

Node convert(const SourcePtr& source, const toml::node& node);

Node::Table convert_table(const SourcePtr& source, const toml::table& table) {
  Node::Table members;
  members.reserve(table.size());
  for (const auto& [key, value] : table)
    members.push_back(
        {std::string(key.str()), span_of(source, key.source()), convert(source, value)});
  // toml++ keeps tables by name; people, by what they wrote first.
  std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return a.key_span.begin < b.key_span.begin;
  });
  return members;
}

// A date or time has no kind of its own here: it is its text.
std::string text_of(const toml::node& node) {
  std::ostringstream out;
  if (const auto* date = node.as_date()) out << date->get();
  if (const auto* time = node.as_time()) out << time->get();
  if (const auto* both = node.as_date_time()) out << both->get();
  return out.str();
}

Node convert(const SourcePtr& source, const toml::node& node) {
  Node result;
  result.span = span_of(source, node.source());
  if (const auto* table = node.as_table()) {
    result.value = convert_table(source, *table);
  } else if (const auto* array = node.as_array()) {
    Node::List items;
    items.reserve(array->size());
    for (const toml::node& item : *array) items.push_back(convert(source, item));
    result.value = std::move(items);
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    result.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    result.value = boolean->get();
  } else {
    result.value = text_of(node);
  }
  return result;
}

// toml++'s descriptions read "Error while parsing <what>: <why>". The common ones in our words.
struct Wording {
  std::string_view when;  // part of the description
  std::string_view message;
  std::string_view help;
};
constexpr std::array kWordings = {
    Wording{"could not determine value type", "this is no value",
            "text goes into quotes: \"text\""},
    Wording{"expected value, saw", "a value is missing here", "text goes into quotes: \"text\""},
    Wording{"expected '=', saw", "\"=\" is missing after the key", "write key = value"},
    Wording{"expected comma or closing ']'", "the list goes on here without a comma",
            "put \",\" between the items and \"]\" behind the last"},
    Wording{"dangling comma", "an inline table cannot end with a comma", "remove the comma"},
    Wording{"expected key or closing '}'", "the inline table goes on here without a comma",
            "put \",\" between its keys and \"}\" behind the last"},
    Wording{"unknown escape sequence", "this escape is unknown",
            "write \\\\ for a backslash, or single quotes, in which nothing is escaped"},
    Wording{"leading zeroes are prohibited", "a number cannot begin with 0",
            "remove the zeroes; octal is written 0o17"},
    Wording{"not representable in 64 bits", "this number does not fit into 64 bits", ""},
    Wording{"expected digit, saw", "this is no number", "text goes into quotes: \"text\""},
    Wording{"expected a comment or whitespace", "nothing may follow here on the same line",
            "one key = value per line"},
    Wording{"parsing table header: expected ']'", "the header is not closed", "add \"]\""},
};

Diagnostic in_our_words(const SourcePtr& source, const toml::parse_error& error) {
  const std::string_view description = error.description();
  Span span = span_of(source, error.source());
  for (const Wording& wording : kWordings)
    if (description.find(wording.when) != std::string_view::npos)
      return syntax_error(std::string(wording.message), std::string(wording.help), std::move(span));
  std::string why(description);
  if (const std::size_t colon = why.find(": "); why.starts_with("Error while parsing"))
    why = why.substr(colon == std::string::npos ? 0 : colon + 2);
  return syntax_error("this is not TOML: " + printable(why), "", std::move(span));
}

Diagnostic duplicate_key(Places& places, const TomlDuplicate& duplicate) {
  const Span first = places.span(duplicate.first.begin, duplicate.first.end);
  Diagnostic one =
      problem("CFG021", places.span(duplicate.again.begin, duplicate.again.end),
              fmt::format("\"{}\" is defined twice", printable(duplicate.key)), "keep one of them");
  one.related.push_back({first, "first defined here"});
  return one;
}

Diagnostics explain(const SourcePtr& source, const toml::parse_error& error,
                    const TomlOutline& outline) {
  Diagnostics found;
  if (error.description().find("cannot redefine") == std::string_view::npos) {
    found.push_back(in_our_words(source, error));
    return found;
  }
  Places places(source);
  for (const TomlDuplicate& duplicate : outline.duplicates)
    found.push_back(duplicate_key(places, duplicate));
  if (found.empty()) {
    found.push_back(problem("CFG021", span_of(source, error.source()),
                            "this key is defined twice, in different ways", "keep one of them"));
  }
  return found;
}

std::optional<Diagnostic> unreadable(const SourcePtr& source, const TomlOutline& outline) {
  if (!outline.flaw) return std::nullopt;
  Places places(source);
  return syntax_error(outline.flaw->message, outline.flaw->help,
                      places.span(outline.flaw->place.begin, outline.flaw->place.end));
}

Toml failed(Diagnostic diagnostic) {
  Toml result;
  result.diagnostics.push_back(std::move(diagnostic));
  return result;
}

}  // namespace

Toml parse_toml(const SourcePtr& source) {
  const std::string_view text = source->text;
  const Span start{source, {1, 1}, {1, 1}};
  if (text.size() > kMaxBytes)
    return failed(syntax_error("this file is larger than 256 KiB", "", start));
  if (const auto bad = first_bad_byte(text)) {
    Span span = Places(source).span(*bad, *bad + 1);
    return failed(syntax_error("this byte is not UTF-8 text", "save the file as UTF-8", span));
  }
  const TomlOutline outline = outline_toml(text);
  if (auto flaw = unreadable(source, outline)) return failed(std::move(*flaw));
  Toml result;
  try {
    result.root = convert(source, toml::parse(text, std::string_view(source->name)));
  } catch (const toml::parse_error& error) {
    result.diagnostics = explain(source, error, outline);
  } catch (const std::exception& error) {
    return failed(syntax_error(printable(error.what()), "", start));
  }
  return result;
}

}  // namespace exai::config
