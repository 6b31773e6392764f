#include "core/config/places.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

Places::Places(SourcePtr source) : source_(std::move(source)) {
  const std::string_view text = source_->text;
  lines_.push_back(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
    lines_.push_back(at + 1);
  last_offset_ = lines_.front();
  last_ = {1, 1};
}

Position Places::at(std::size_t offset) {
  const std::string_view text = source_->text;
  offset = std::clamp(offset, lines_.front(), std::max(text.size(), lines_.front()));
  const auto next_line = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const auto line = static_cast<std::uint32_t>(next_line - lines_.begin());
  if (line != last_.line || offset < last_offset_) {
    last_offset_ = *(next_line - 1);
    last_ = {line, 1};
  }
  const std::size_t columns = code_points(text.substr(last_offset_, offset - last_offset_));
  last_.column += static_cast<std::uint32_t>(columns);
  last_offset_ = offset;
  return last_;
}

std::size_t Places::offset(Position position) const {
  const std::string_view text = source_->text;
  if (position.line == 0 || position.line > lines_.size()) return text.size();
  std::size_t at = lines_[position.line - 1];
  for (std::uint32_t column = 1; column < position.column; ++column) {
    if (at >= text.size() || text[at] == '\n') break;
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  }
  return at;
}

Span Places::span(std::size_t begin, std::size_t end) {
  const Position first = at(begin);
  return {source_, first, at(std::max(begin, end))};
}

namespace {

// The offset where a line begins; none when the text has fewer.
std::optional<std::size_t> line_offset(std::string_view text, std::uint32_t line) {
  if (line == 0) return std::nullopt;
  std::size_t offset = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n', offset);
    if (end == text.npos) return std::nullopt;
    offset = end + 1;
  }
  return offset;
}

std::optional<std::size_t> offset_of(std::string_view text, Position position) {
  auto offset = line_offset(text, position.line);
  if (!offset) return std::nullopt;
  for (std::uint32_t column = 1; column < position.column && *offset < text.size(); ++column) {
    ++*offset;
    while (*offset < text.size() && (static_cast<unsigned char>(text[*offset]) & 0xC0U) == 0x80U)
      ++*offset;
  }
  return offset;
}

}  // namespace

std::string_view line_text(const Source& source, std::uint32_t line) {
  const std::string_view text = source.text;
  const auto begin = line_offset(text, line);
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
  std::vector<ByteRange> hidden = secrets_of_line(source, begin, begin + text.size());
  hidden.insert(hidden.end(), source.hidden.begin(), source.hidden.end());
  std::sort(hidden.begin(), hidden.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  std::string shown;
  std::size_t done = begin;
  for (const ByteRange& range : hidden) {
    const std::size_t first = std::max(range.begin, done);
    const std::size_t last = std::min(range.end, begin + text.size());
    if (first >= last) continue;
    shown += text.substr(done - begin, first - done);
    shown +=
        masked(text.substr(first - begin, last - first), first == range.begin, last == range.end);
    done = last;
  }
  return shown += text.substr(done - begin);
}

std::optional<std::size_t> offset_of(const Source& source, Position position) {
  return offset_of(std::string_view(source.text), position);
}

Span narrow(const Span& whole, std::string_view part) {
  if (!whole) return whole;
  const std::string_view text = whole.source->text;
  const auto begin = offset_of(text, whole.begin);
  const auto end = offset_of(text, whole.end);
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
