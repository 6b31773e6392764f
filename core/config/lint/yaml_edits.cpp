#include "core/config/lint/yaml_edits.hpp"

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

constexpr std::string_view kBlanks = " \t\r";

Line line_around(std::string_view text, std::size_t offset) {
  Line line;
  line.begin = line_begin(text, offset);
  line.end = line_end(text, offset);
  line.next = std::min(line.end + 1, text.size());
  if (line.end > line.begin && text[line.end - 1] == '\r') --line.end;
  return line;
}

bool is_comment_or_blank(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == text.npos || text[first] == '#';
}

// The indentation of the block that begins below a line; none when nothing deeper follows.
std::optional<std::string> indentation_below(std::string_view text, const Line& header,
                                             std::size_t outer) {
  for (std::size_t at = header.next; at < text.size();) {
    const Line line = line_around(text, at);
    const std::string_view words = text.substr(line.begin, line.end - line.begin);
    at = line.next > at ? line.next : text.size();
    if (is_comment_or_blank(words)) continue;
    const std::size_t depth = words.find_first_not_of(' ');
    if (depth <= outer || words[depth] == '-' || words[depth] == '\t') return std::nullopt;
    return std::string(depth, ' ');
  }
  return std::nullopt;
}

std::string indented(const std::vector<std::string>& lines, const std::string& indentation,
                     std::string_view newline) {
  std::string text;
  for (const std::string& line : lines) text += (indentation + line).append(newline);
  return text;
}

// Lines to put in front of `at`; a last line without an end gets one first.
Edit insertion(const SourcePtr& source, std::size_t at, std::string text) {
  const bool unfinished = at > 0 && source->text[at - 1] != '\n';
  if (unfinished) text = std::string(newline_of(source->text)) + text;
  return {source, at, at, std::move(text)};
}

}  // namespace

std::optional<Line> line_at(const Span& span) {
  if (!span) return std::nullopt;
  const auto offset = offset_of(*span.source, span.begin);
  if (!offset) return std::nullopt;
  return line_around(span.source->text, *offset);
}

std::string_view text_at(const Span& span) {
  if (!span) return {};
  const auto begin = offset_of(*span.source, span.begin);
  const auto end = offset_of(*span.source, span.end);
  if (!begin || !end || *end < *begin) return {};
  return std::string_view(span.source->text).substr(*begin, *end - *begin);
}

Edit replace(const Span& span, std::string text) {
  const std::size_t begin = offset_of(*span.source, span.begin).value_or(0);
  return {span.source, begin, offset_of(*span.source, span.end).value_or(begin), std::move(text)};
}

std::optional<Edit> without_line(const Span& key) {
  const auto line = line_at(key);
  if (!line) return std::nullopt;
  const std::string_view text = key.source->text;
  const std::size_t begin = *offset_of(*key.source, key.begin);
  const std::string_view before = text.substr(line->begin, begin - line->begin);
  std::string_view value = text.substr(begin, line->end - begin);
  value.remove_prefix(std::min(value.find(':'), value.size()));
  if (value.empty() || !trim(before).empty()) return std::nullopt;
  value.remove_prefix(1);
  // A block, an anchor or a quote over several lines has more than this line.
  if (is_comment_or_blank(value) || indentation_below(text, *line, before.size()))
    return std::nullopt;
  return Edit{key.source, line->begin, line->next, ""};
}

std::optional<Edit> first_in_block(const Span& key, const std::vector<std::string>& lines) {
  const auto line = line_at(key);
  if (!line) return std::nullopt;
  const std::string_view text = key.source->text;
  const std::size_t begin = *offset_of(*key.source, key.begin);
  const std::string_view words = text.substr(begin, line->end - begin);
  const std::size_t colon = words.find(':');
  if (colon == words.npos || !trim(text.substr(line->begin, begin - line->begin)).empty())
    return std::nullopt;
  if (!is_comment_or_blank(words.substr(colon + 1))) return std::nullopt;
  const auto indentation = indentation_below(text, *line, begin - line->begin);
  if (!indentation) return std::nullopt;
  return insertion(key.source, line->next,
                   indented(lines, *indentation, newline_of(key.source->text)));
}

std::optional<Edit> below(const Span& place, std::size_t deeper,
                          const std::vector<std::string>& lines) {
  const auto line = line_at(place);
  if (!line) return std::nullopt;
  const std::size_t begin = *offset_of(*place.source, place.begin);
  const std::string indentation(begin - line->begin + deeper, ' ');
  return insertion(place.source, line->next,
                   indented(lines, indentation, newline_of(place.source->text)));
}

}  // namespace exai::config
