#include "core/config/yaml_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char at_or_end(std::string_view text, std::size_t at) {
  return at < text.size() ? text[at] : '\n';
}

// After the closing quote.
std::optional<std::size_t> quoted_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at_or_end(text, at + 1) != quote) return at + 1;
      ++at;
    }
  }
  return std::nullopt;
}

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

// Block scalars end with their last line that is not blank.
std::size_t block_end(std::string_view text, std::size_t at) {
  const std::size_t header = line_end(text, at);
  std::size_t end = header;
  std::optional<std::size_t> indent;
  for (std::size_t begin = header + 1; begin < text.size();) {
    const std::size_t stop = line_end(text, begin);
    const std::string_view line = text.substr(begin, stop - begin);
    const bool blank = trim(line).empty();
    if (!blank && !indent) indent = indent_of(line);
    if (!blank && (*indent == 0 || indent_of(line) < *indent)) break;
    if (!blank) end = stop;
    begin = stop + 1;
  }
  if (end > at && text[end - 1] == '\r') --end;
  return end;
}

// Plain scalars are written as they are, but for how their lines are folded.
std::size_t plain_end(std::string_view text, std::size_t at, std::string_view value) {
  for (std::size_t i = 0; i < value.size();) {
    if (is_blank(value[i])) {
      while (i < value.size() && is_blank(value[i])) ++i;
      while (at < text.size() && is_blank(text[at])) ++at;
    } else {
      if (at >= text.size() || text[at] != value[i]) break;
      ++i;
      ++at;
    }
  }
  return at;
}

}  // namespace

std::size_t skip_yaml_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const bool comment = text[at] == '#' && (at == 0 || is_blank(text[at - 1]));
    if (comment)
      at = line_end(text, at);
    else if (is_blank(text[at]))
      ++at;
    else
      break;
  }
  return at;
}

YamlContent yaml_content(std::string_view text, std::size_t at) {
  YamlContent content{at, at};
  while (true) {
    content.begin = skip_yaml_blanks(text, content.begin);
    const char first = at_or_end(text, content.begin);
    if (first != '&' && first != '!') return content;
    content.begin = std::min(text.find_first_of(" \t\r\n,[]{}", content.begin), text.size());
    content.properties_end = content.begin;
  }
}

std::optional<std::size_t> yaml_scalar_end(std::string_view text, std::size_t at,
                                           std::string_view value) {
  const char first = at_or_end(text, at);
  if (first == '"' || first == '\'') return quoted_end(text, at);
  if (first == '|' || first == '>') return block_end(text, at);
  return plain_end(text, at, value);
}

std::size_t yaml_flow_end(std::string_view text, std::size_t at) {
  while (true) {
    at = skip_yaml_blanks(text, at);
    if (at >= text.size()) return text.size();
    const char c = text[at++];
    if (c == ']' || c == '}') return at;
    if (c != ',' && c != ':' && c != '?') return at - 1;
  }
}

namespace {

constexpr char kQuestionMark = '\x01';

// "? " at the start of a line, an item or a value begins a key.
bool begins_key(std::string_view text, std::size_t at) {
  if (!is_blank(at_or_end(text, at + 1))) return false;
  const std::size_t before = at == 0 ? text.npos : text.find_last_not_of(" \t", at - 1);
  return before == text.npos || std::string_view("\n[{,-:?").find(text[before]) != text.npos;
}

}  // namespace

std::string hide_question_marks(std::string_view text) {
  std::string hidden(text);
  for (std::size_t at = text.find('?'); at != text.npos; at = text.find('?', at + 1))
    if (!begins_key(text, at)) hidden[at] = kQuestionMark;
  return hidden;
}

std::string show_question_marks(std::string value) {
  std::replace(value.begin(), value.end(), kQuestionMark, '?');
  return value;
}

std::optional<YamlFault> forbidden_yaml_byte(std::string_view text) {
  if (const auto bad = first_bad_byte(text); bad && text[*bad] == '\0')
    return YamlFault{*bad, *bad + 1, "this byte is NUL", "remove it; the file must be text"};
  else if (bad)
    return YamlFault{*bad, *bad + 1, "this byte is not UTF-8 text", "save the file as UTF-8"};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool c1 = c == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0 &&
                    static_cast<unsigned char>(text[at + 1]) != 0x85;
    if (c1 || c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
      return YamlFault{at, at + 1, "YAML does not allow this control character",
                       "remove it, or write it as an escape in double quotes"};
  }
  return std::nullopt;
}

}  // namespace exai::config
