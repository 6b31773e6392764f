#include "cli/table.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // of the flexible column: below it, lines rather wrap

std::vector<std::size_t> natural_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (const Column& column : table.columns) widths.push_back(code_points(column.title));
  for (const Row& row : table.rows)
    for (std::size_t i = 0; i < row.cells.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], code_points(printable(row.cells[i].text)));
  return widths;
}

void fit(std::vector<std::size_t>& widths, std::size_t flexible, std::size_t width) {
  std::size_t total = kGap * (widths.size() - 1);
  for (const std::size_t column : widths) total += column;
  if (total <= width) return;
  std::size_t& target = widths[flexible];
  const std::size_t least = std::min(target, kNarrowest);
  target = std::max(least, target - std::min(target, total - width));
}

std::string line_of(const std::vector<Column>& columns, const std::vector<Cell>& cells,
                    const std::vector<std::size_t>& widths, Colours colours) {
  std::string line;
  std::size_t owed = 0;  // blanks, written only when something follows
  for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
    const std::string text = cut(printable(cells[i].text), widths[i]);
    const std::size_t padding = widths[i] - code_points(text);
    const bool right = columns[i].align == Align::right;
    if (right) owed += padding;
    if (!text.empty()) {
      line.append(owed, ' ');
      line += painted(cells[i].tone, text, colours);
      owed = right ? 0 : padding;
    } else {
      owed += right ? 0 : padding;
    }
    owed += kGap;
  }
  return line + "\n";
}

}  // namespace

std::string cut(std::string_view text, std::size_t columns) {
  if (code_points(text) <= columns) return std::string(text);
  std::size_t bytes = 0;
  for (std::size_t kept = 0; kept + 1 < columns && bytes < text.size(); ++kept) {
    ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U)
      ++bytes;  // the rest of this code point
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string layout(const Table& table, int width, Colours colours) {
  if (table.columns.empty()) return {};
  std::vector<std::size_t> widths = natural_widths(table);
  if (width > 0) fit(widths, table.flexible, static_cast<std::size_t>(width));

  std::string text;
  const auto titled = [](const Column& column) { return !column.title.empty(); };
  if (std::any_of(table.columns.begin(), table.columns.end(), titled)) {
    std::vector<Cell> titles;
    for (const Column& column : table.columns) titles.emplace_back(column.title, Tone::dim);
    text += line_of(table.columns, titles, widths, colours);
  }
  for (const Row& row : table.rows) {
    text += line_of(table.columns, row.cells, widths, colours);
    for (const Cell& note : row.notes) {
      std::string words = "  " + printable(note.text);
      if (width > 0) words = cut(words, static_cast<std::size_t>(width));
      text += painted(note.tone, words, colours) + "\n";
    }
  }
  return text;
}

}  // namespace exai::cli
