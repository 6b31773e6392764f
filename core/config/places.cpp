#include "core/config/places.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

Position position_at(const Source& source, std::size_t offset) {
  const std::string_view text = source.text;
  const TextIndex& index = source.index();
  const auto& lines = index.lines();
  offset = std::clamp(offset, lines.front(), std::max(text.size(), lines.front()));
  const auto next_line = std::upper_bound(lines.begin(), lines.end(), offset);
  const std::size_t columns =
      index.code_points_before(text, offset) - index.code_points_before(text, *(next_line - 1));
  return {static_cast<std::uint32_t>(next_line - lines.begin()),
          static_cast<std::uint32_t>(columns + 1)};
}

// The offset where a line begins; none when the text has fewer.
std::optional<std::size_t> line_offset(const Source& source, std::uint32_t line) {
  const auto& lines = source.index().lines();
  if (line == 0 || line > lines.size()) return std::nullopt;
  return lines[line - 1];
}

}  // namespace

Position Places::at(std::size_t offset) const {
  return position_at(*source_, offset);
}

std::size_t Places::offset(Position position) const {
  const std::string_view text = source_->text;
  const auto found = offset_of(*source_, position);
  if (!found) return text.size();
  return std::min(*found, text.find('\n', *line_offset(*source_, position.line)));
}

Span Places::span(std::size_t begin, std::size_t end) const {
  return {source_, at(begin), at(std::max(begin, end))};
}

std::string_view line_text(const Source& source, std::uint32_t line) {
  const std::string_view text = source.text;
  const auto begin = line_offset(source, line);
  if (!begin) return {};
  const std::string_view rest = text.substr(*begin, text.find('\n', *begin) - *begin);
  return rest.ends_with('\r') ? rest.substr(0, rest.size() - 1) : rest;
}

namespace {

// Quotes around a value are no secret, and help to see where it ends.
std::string masked(std::string_view value, bool at_begin, bool at_end) {
  const auto quote = [&](std::size_t i) { return value[i] == '"' || value[i] == '\''; };
  std::string result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool kept = (at_begin && i == 0) || (at_end && i + 1 == value.size());
    if (kept && quote(i))
      result += value[i];
    else if ((static_cast<unsigned char>(value[i]) & 0xC0U) != 0x80U)
      result += '*';
  }
  return result;
}

// What sounds secret on a line, whoever wrote it and in whatever format. A value may have begun
// some lines above: a block in YAML, a key in PEM.
std::vector<ByteRange> secrets_of_line(const Source& source, std::size_t begin, std::size_t end) {
  constexpr int kLinesAbove = 64;
  constexpr std::size_t kMostBytes = 256U << 10U;
  if (end - begin > kMostBytes) return {{begin, end}};  // no line that anybody reads
  std::size_t from = begin;
  for (int i = 0; i < kLinesAbove && from > 0; ++i) {
    const std::size_t newline = from < 2 ? std::string::npos : source.text.rfind('\n', from - 2);
    const std::size_t above = newline == std::string::npos ? 0 : newline + 1;
    if (end - above > kMostBytes) break;
    from = above;
  }
  std::vector<ByteRange> found =
      find_secrets(std::string_view(source.text).substr(from, end - from));
  for (ByteRange& range : found) range = {range.begin + from, range.end + from};
  return found;
}

}  // namespace

std::string shown_line(const Source& source, std::uint32_t line) {
  const std::string_view text = line_text(source, line);
  if (text.empty()) return "";
  const auto begin = static_cast<std::size_t>(text.data() - source.text.data());
  const std::size_t end = begin + text.size();
  LineSecrets& seen = source.last_line;
  if (seen.text.data() != text.data() || seen.text.size() != text.size() || seen.line != begin)
    seen = {text, begin, secrets_of_line(source, begin, end)};
  std::vector<ByteRange> hidden = seen.secrets;
  std::copy_if(source.hidden.begin(), source.hidden.end(), std::back_inserter(hidden),
               [&](ByteRange range) { return range.begin < end && range.end > begin; });
  std::sort(hidden.begin(), hidden.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  std::string shown;
  std::size_t done = begin;
  for (const ByteRange& range : hidden) {
    const std::size_t first = std::max(range.begin, done);
    const std::size_t last = std::min(range.end, end);
    if (first >= last) continue;
    shown += text.substr(done - begin, first - done);
    shown +=
        masked(text.substr(first - begin, last - first), first == range.begin, last == range.end);
    done = last;
  }
  return shown += text.substr(done - begin);
}

std::optional<std::size_t> offset_of(const Source& source, Position position) {
  const auto begin = line_offset(source, position.line);
  if (!begin || position.column <= 1) return begin;
  const TextIndex& index = source.index();
  const std::size_t before = index.code_points_before(source.text, *begin);
  return index.offset_of_code_point(source.text, before + position.column - 1);
}

Span narrow(const Span& whole, std::string_view part) {
  if (!whole) return whole;
  const std::string_view text = whole.source->text;
  const auto begin = offset_of(*whole.source, whole.begin);
  const auto end = offset_of(*whole.source, whole.end);
  if (!begin || !end || *end < *begin) return whole;
  const std::size_t found = text.substr(*begin, *end - *begin).find(part);
  if (found == text.npos) return whole;
  return Places(whole.source).span(*begin + found, *begin + found + part.size());
}

std::optional<std::size_t> first_bad_byte(std::string_view text) {
  const std::size_t nul = text.find('\0');
  if (nul == text.npos && is_utf8(text)) return std::nullopt;
  // The longest good beginning ends with a line or inside one: look at lines until one is bad.
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::size_t good = begin;
    for (std::size_t length = 1; good + length <= end;) {
      const std::string_view piece = text.substr(good, length);
      if (piece[0] == '\0' || (length == 4 && !is_utf8(piece))) return good;
      if (is_utf8(piece)) {
        good += length;
        length = 1;
      } else {
        ++length;
      }
    }
    if (good != end) return good;
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace exai::config
