#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/yaml_text.hpp"

namespace exai::config {

namespace {

// The line that a byte is in.
struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;  // without the line end
  std::string_view text;
  std::size_t content = 0;  // offset of what is not blank
};

Line line_at(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  Line line;
  line.begin = line_begin(text, at);
  line.end = line_end(text, at);
  line.text = text.substr(line.begin, line.end - line.begin);
  line.content = line.begin + std::min(line.text.find_first_not_of(" \t\r"), line.text.size());
  return line;
}

YamlFault tab_fault(std::size_t at) {
  return {at, at + 1, "a tab cannot indent", "write spaces"};
}

// The tab that indents the line, or the last lines in front of it.
std::optional<YamlFault> tab_in_indentation(std::string_view text, std::size_t at) {
  for (int lines = 0; lines < 2; ++lines) {
    const Line line = line_at(text, at);
    const std::size_t tab = text.substr(line.begin, line.content - line.begin).find('\t');
    if (tab != text.npos && line.content < line.end) return tab_fault(line.begin + tab);
    if (line.begin == 0) break;
    at = line.begin - 1;
  }
  return std::nullopt;
}

bool opens_token(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" \t\n[{,").find(text[at - 1]) != std::string_view::npos;
}

// Quotes, brackets and comments of a text, one after the other.
struct Mark {
  std::size_t at = 0;
  std::size_t end = 0;
  bool closed = true;  // of a quote
};
std::optional<Mark> next_mark(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const bool starts = opens_token(text, at);
    if (c == '#' && starts) {
      at = std::min(text.find('\n', at), text.size() - 1);
    } else if ((c == '"' || c == '\'') && starts) {
      const auto end = yaml_scalar_end(text, at, "");
      return Mark{at, end.value_or(text.size()), end.has_value()};
    } else if (std::string_view("[]{}").find(c) != std::string_view::npos) {
      return Mark{at, at + 1};
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> open_quote(std::string_view text, std::size_t at) {
  while (const auto mark = next_mark(text, at)) {
    if (!mark->closed) return mark->at;
    at = mark->end;
  }
  return std::nullopt;
}

bool is_closed(std::string_view text, std::size_t bracket) {
  int open = 0;
  for (auto mark = next_mark(text, bracket); mark; mark = next_mark(text, mark->end)) {
    const char c = text[mark->at];
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && --open == 0) return true;
  }
  return false;
}

// The colon that ends a key at the start of the content, "key: " or "key:" alone.
std::optional<std::size_t> key_colon(std::string_view content) {
  for (std::size_t at = content.find(':'); at != content.npos; at = content.find(':', at + 1))
    if (at + 1 == content.size() || content[at + 1] == ' ' || content[at + 1] == '\r') return at;
  return std::nullopt;
}

// "key:value", which is a text and no key.
std::optional<std::size_t> tight_colon(std::string_view content) {
  const std::size_t colon = content.find(':');
  if (colon == content.npos || colon == 0 || key_colon(content)) return std::nullopt;
  if (content.find_first_of(" \t\"'[{#/") < colon || content.substr(colon).starts_with("://"))
    return std::nullopt;
  return colon;
}

// What a line lacks that is neither key nor item.
YamlFault lacking(const Line& line) {
  const std::string_view content =
      line.text.substr(line.content - line.begin, line.end - line.content);
  if (const auto colon = tight_colon(content))
    return {line.content + *colon, line.content + *colon + 1, "a space is missing after the colon",
            "write key: value"};
  if (content.size() > 1 && content[0] == '-' && content[1] != ' ' && content[1] != '-')
    return {line.content, line.content + 1, "a space is missing after the dash", "write - item"};
  return {line.content, line.end, "this line is neither \"key: value\" nor \"- item\"",
          "is a colon missing?"};
}

constexpr std::string_view kIndented = "this line is indented differently from those it belongs to";
constexpr std::string_view kIndentHelp = "give all lines of a block the same number of spaces";

// Why a line does not fit into the block it stands in.
YamlFault misfit(std::string_view text, const YamlProgress& progress) {
  const Line line = line_at(text, progress.at);
  const std::string_view word = text.substr(progress.word, progress.read - progress.word);
  if ((word.starts_with('"') || word.starts_with('\'')) && word.find('\n') != word.npos)
    return {progress.word, progress.word + 1, "this quote is closed on another line only",
            fmt::format("add {} where the value ends", word[0])};
  if (progress.read > line.content && progress.read < line.end) {
    const std::size_t rest = skip_yaml_blanks(text, progress.read);
    if (rest < line.end)
      return {rest, line.end, "the value has ended in front of this",
              "put the whole value into quotes"};
  }
  const std::string_view content = text.substr(line.content, line.end - line.content);
  if (!key_colon(content) && !content.starts_with("- ") && content != "-") return lacking(line);
  return {line.content, line.end, std::string(kIndented), std::string(kIndentHelp)};
}

// A colon where no key can be: on one line with another one, or in what continues the line above.
YamlFault second_colon(std::string_view text, std::size_t at) {
  const Line line = line_at(text, at);
  const bool first =
      text.substr(line.content, at - line.content).find_first_of(" :") == std::string_view::npos;
  if (!first || line.begin == 0)
    return {at, at + 1, "a second \": \" on this line",
            "put the value into quotes, or begin a new line after the first colon"};
  Line above = line_at(text, line.begin - 1);
  while (above.content >= above.end && above.begin > 0) above = line_at(text, above.begin - 1);
  std::string_view content = text.substr(above.content, above.end - above.content);
  if (content.starts_with("- ")) content.remove_prefix(2);
  if (!key_colon(content)) return lacking(above);
  return {line.content, line.end, "this line is indented below one that has a value already",
          std::string(kIndentHelp)};
}

YamlFault bad_flow(std::string_view text, const YamlProgress& progress) {
  if (const auto quote = open_quote(text, line_at(text, progress.read).begin))
    return unclosed_yaml(text, *quote);
  if (progress.in_bracket && !is_closed(text, *progress.in_bracket))
    return unclosed_yaml(text, *progress.in_bracket);
  return {progress.at, progress.at + 1, "a comma or a closing bracket is missing in front of this",
          ""};
}

struct Wording {
  std::string_view when;  // part of yaml-cpp's message
  std::string_view message;
  std::string_view help;
};
constexpr std::array kWordings = {
    Wording{"unknown escape character", "this escape is unknown in double quotes",
            "write \\\\ for a backslash, or single quotes, in which nothing is escaped"},
    Wording{"hex number", "this escape is not complete", "\\x takes two, \\u four hex digits"},
    Wording{"invalid unicode", "this escape is no character", ""},
    Wording{"unknown token", "no value begins with this character", "put the value into quotes"},
    Wording{"illegal map key", "a key cannot stand here", ""},
    Wording{"illegal block entry", "a list cannot begin here",
            "begin a new line in front of the first \"- \""},
    Wording{"illegal flow end", "this bracket closes nothing", "remove it, or use quotes"},
    Wording{"scanning alias", "\"*\" begins an alias, and this is none",
            "put the value into quotes if an asterisk is meant"},
    Wording{"alias not found after", "\"*\" begins an alias, and this is none",
            "put the value into quotes if an asterisk is meant"},
    Wording{"scanning anchor", "\"&\" begins an anchor, and this is none",
            "put the value into quotes if \"&\" is meant"},
    Wording{"anchor not found after", "\"&\" begins an anchor, and this is none",
            "put the value into quotes if \"&\" is meant"},
    Wording{"multiple anchors", "a value has one anchor at most", "remove one"},
    Wording{"multiple tags", "a value has one tag at most", "remove one"},
    Wording{"aliases can't have any content", "an alias takes no anchor and no tag", "remove it"},
    Wording{"tag", "this is no tag", "put the value into quotes if \"!\" is meant"},
    Wording{"zero indentation", "a block text is indented by 1 to 9", ""},
    Wording{"block scalar", "a block text begins on the next line",
            "nothing but a comment may follow \"|\" and \">\""},
    Wording{"document indicator", "a new document begins inside a text in quotes", ""},
    Wording{"directive", "this directive is none of YAML", "remove the line"},
    Wording{"YAML version", "this version of YAML is unknown", "remove the line"},
};

}  // namespace

YamlFault stray_yaml_line(std::string_view text, std::size_t at) {
  return lacking(line_at(text, at));
}

YamlFault unclosed_yaml(std::string_view text, std::size_t open) {
  const char c = text[open];
  const char close = c == '[' ? ']' : c == '{' ? '}' : c;
  return {open, open + 1,
          fmt::format("this {} is never closed: {}", c == close ? "quote" : "bracket", c),
          fmt::format("add {} where it ends", close)};
}

YamlFault explain_yaml_error(std::string_view text, const YamlProgress& progress,
                             std::string_view error) {
  const std::size_t at = progress.at;
  const auto is = [&](std::string_view words) { return error.find(words) != error.npos; };
  if (is("illegal EOF in scalar"))
    if (const auto quote = open_quote(text, line_at(text, progress.read).begin))
      return unclosed_yaml(text, *quote);
  if (is("flow not found")) return bad_flow(text, progress);
  if (auto tab = tab_in_indentation(text, at)) return *tab;
  if (is("anchor is not defined")) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n,]}[{", at), text.size());
    return {at, end,
            fmt::format("there is no anchor \"{}\" above",
                        printable(text.substr(std::min(at + 1, end), end - std::min(end, at + 1)))),
            "define it with &name, or use quotes if an asterisk is meant"};
  }
  if (is("end of map not found") || is("end of sequence not found")) return misfit(text, progress);
  if (is("illegal map value")) return second_colon(text, at);
  for (const Wording& wording : kWordings)
    if (is(wording.when))
      return {at, at + 1, std::string(wording.message), std::string(wording.help)};
  return {at, at + 1, "this is not YAML: " + printable(error), ""};
}

}  // namespace exai::config
