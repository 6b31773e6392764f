#include "core/config/diagnostics.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"
#include "core/config/places.hpp"

namespace exai::config {

std::string_view name(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames = {"error", "warning", "info"};
  return kNames.at(static_cast<std::size_t>(severity));
}

Diagnostic problem(std::string code, Span span, std::string message, std::string help) {
  Diagnostic one;
  const Rule* rule = find_rule(code);
  EXAI_ASSERT(rule != nullptr);
  one.severity = rule->severity;
  one.code = std::move(code);
  one.span = std::move(span);
  one.message = std::move(message);
  one.help = std::move(help);
  return one;
}

std::string as_cause(const Diagnostic& root) {
  if (!root.span) return root.message;
  return fmt::format("{}:{}: {}", root.span.source->name, root.span.begin.line, root.message);
}

bool has_errors(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& one) { return one.severity == Severity::error; });
}

namespace {

auto place(const Diagnostic& one) {
  const std::string_view file = one.span ? std::string_view(one.span.source->name) : "";
  return std::tuple(file, one.span.begin, std::string_view(one.code),
                    std::string_view(one.message));
}

}  // namespace

void sort_and_unique(Diagnostics& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [](const auto& a, const auto& b) { return place(a) < place(b); });
  const auto same = [](const auto& a, const auto& b) { return place(a) == place(b); };
  diagnostics.erase(std::unique(diagnostics.begin(), diagnostics.end(), same), diagnostics.end());
}

namespace {

constexpr std::size_t kTabWidth = 4;
constexpr std::size_t kExcerptWidth = 160;  // longer lines are shown around the caret

// One code point as it is shown, and the terminal cells it takes.
struct Cell {
  std::string shown;
  std::size_t width = 1;
};

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t N>
bool among(const std::array<Range, N>& ranges, std::uint32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](Range range) { return c >= range.first && c <= range.last; });
}

// East Asian wide and fullwidth blocks and emoji, and marks that take no cell of their own: the
// blocks people write configuration in, not the whole of Unicode.
std::size_t cell_width(std::uint32_t c) {
  constexpr std::array kWide = {
      Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
      Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},
      Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F},
      Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1FAFF}, Range{0x20000, 0x3FFFD}};
  constexpr std::array kNone = {Range{0x0300, 0x036F}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
                                Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}};
  if (among(kNone, c)) return 0;
  return among(kWide, c) ? 2 : 1;
}

// Bytes of the first column: a code point, with what a broken one drags along.
std::size_t column_size(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
    ++length;
  return length;
}

Cell cell_of(std::string_view column) {
  if (column == "\t") return {std::string(kTabWidth, ' '), kTabWidth};
  std::string shown = printable(column);
  const std::size_t width = shown == column ? cell_width(take_code_point(column)) : shown.size();
  return {std::move(shown), width};
}

struct Excerpt {
  std::string text;
  std::string carets;
};

// Code points [begin, end) of the line are marked. A long line is cut to a window that begins a
// little before the mark.
Excerpt excerpt_of(std::string_view line, std::size_t begin, std::size_t end) {
  const bool is_long = line.size() > kExcerptWidth && begin > kExcerptWidth / 2;
  const std::size_t first = is_long ? begin - kExcerptWidth / 4 : 0;
  Excerpt excerpt;
  if (first > 0) excerpt = {"…", " "};
  for (std::size_t i = 0; i < first && !line.empty(); ++i) line.remove_prefix(column_size(line));
  std::size_t marked = 0;
  for (std::size_t i = first; i < first + kExcerptWidth && !line.empty(); ++i) {
    const std::size_t length = column_size(line);
    const Cell cell = cell_of(line.substr(0, length));
    line.remove_prefix(length);
    excerpt.text += cell.shown;
    if (i < begin)
      excerpt.carets.append(cell.width, ' ');
    else if (i < end)
      marked += cell.width;
  }
  if (!line.empty()) excerpt.text += "…";
  excerpt.carets += '^';
  if (marked > 1) excerpt.carets.append(marked - 1, '~');
  return excerpt;
}

// Escape sequences, or nothing at all.
struct Paint {
  Colour colour;
  std::string operator()(std::string_view style, std::string_view text) const {
    if (colour == Colour::never) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", style, text);
  }
};

constexpr std::string_view kBold = "1";
constexpr std::string_view kGreen = "1;32";
constexpr std::string_view kCyan = "36";

std::string_view style_of(Severity severity) {
  constexpr std::array<std::string_view, 3> kStyles = {"1;31", "1;33", "1;36"};
  return kStyles.at(static_cast<std::size_t>(severity));
}

std::string place_text(const Span& span) {
  return fmt::format("{}:{}:{}", span.source->name, span.begin.line, span.begin.column);
}

std::string render_excerpt(const Span& span, Paint paint) {
  const std::string line = shown_line(*span.source, span.begin.line);
  const std::size_t begin = span.begin.column - 1;
  const std::size_t end = span.end.line > span.begin.line ? line.size() : span.end.column - 1;
  const Excerpt excerpt = excerpt_of(line, begin, end);
  return fmt::format("{:>5} | {}\n      | {}\n", span.begin.line, excerpt.text,
                     paint(kGreen, excerpt.carets));
}

}  // namespace

std::string render(const Diagnostic& diagnostic, Colour colour) {
  const Paint paint{colour};
  std::string out;
  if (diagnostic.span) out += paint(kBold, place_text(diagnostic.span) + ":") + " ";
  const std::string kind = fmt::format("{}[{}]:", name(diagnostic.severity), diagnostic.code);
  out += paint(style_of(diagnostic.severity), kind) + " " + diagnostic.message + "\n";
  if (diagnostic.span) out += render_excerpt(diagnostic.span, paint);
  if (!diagnostic.help.empty()) out += "  " + paint(kCyan, "help:") + " " + diagnostic.help + "\n";
  for (const Related& related : diagnostic.related) {
    out += "  ";
    if (related.span) out += place_text(related.span) + ": ";
    out += paint(kCyan, "note:") + " " + related.message + "\n";
  }
  return out;
}

std::string render(const Diagnostics& diagnostics, Colour colour) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += render(diagnostic, colour);
  return out;
}

namespace {

void add_place(json::object& object, const Span& span) {
  if (!span) return;
  object["file"] = span.source->name;
  object["line"] = span.begin.line;
  object["column"] = span.begin.column;
  object["end_line"] = span.end.line;
  object["end_column"] = span.end.column;
}

}  // namespace

json::object to_json(const Diagnostic& diagnostic) {
  json::object object;
  object["code"] = diagnostic.code;
  object["severity"] = std::string(name(diagnostic.severity));
  add_place(object, diagnostic.span);
  object["message"] = diagnostic.message;
  object["help"] = diagnostic.help;
  json::array related;
  for (const Related& one : diagnostic.related) {
    json::object item;
    add_place(item, one.span);
    item["message"] = one.message;
    related.push_back(std::move(item));
  }
  object["related"] = std::move(related);
  return object;
}

}  // namespace exai::config
