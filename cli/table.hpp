#pragma once
// Tables for people: columns as wide as their widest cell, two blanks between them, and one column
// that gives way when the terminal is narrow. Pure.
//
//   SERVICE  STATE      PID  PORTS
//   redis    ready     4711  6379
//     proof: redis round-trip, 2s ago        ← a note: a line of its own below its row

#include <string>
#include <vector>

#include "cli/output.hpp"

namespace exai::cli {

struct Cell {
  Cell(std::string words) : text(std::move(words)) {}  // NOLINT: reads well
  Cell(const char* words) : text(words) {}             // NOLINT: reads well
  Cell(std::string words, Tone how) : text(std::move(words)), tone(how) {}

  std::string text;  // one line; control characters are made visible
  Tone tone = Tone::plain;
};

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

struct Row {
  std::vector<Cell> cells;       // missing ones at the end are empty
  std::vector<Cell> notes = {};  // indented lines below
};

struct Table {
  std::vector<Column> columns;  // no titles at all: no head line
  std::vector<Row> rows;
  std::size_t flexible = 0;  // the column that is cut ("…") when the width does not suffice
};

// width 0: as wide as it gets.
std::string layout(const Table& table, int width, Colours colours);

// `text` in at most `columns` columns, ending in "…" when something was cut.
std::string cut(std::string_view text, std::size_t columns);

}  // namespace exai::cli
