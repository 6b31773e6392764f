#pragma once
// What a configuration file says, with the place of every word: the one tree that all formats are
// parsed into. Values; cheap to copy the pointers, not meant to be changed.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config/text_index.hpp"

namespace exai::config {

// Bytes [begin, end) of a text.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What was found to be secret on the line that was looked at last: many findings lie on one line.
// Of one text that stays where it is; one thread at a time.
struct LineSecrets {
  std::string_view text;
  std::size_t line = 0;  // its first byte
  std::vector<ByteRange> secrets;
};

// A file's text under the name that messages use for it.
struct Source {
  std::string name;
  std::string text;
  std::filesystem::path path = {};     // where a fix is written to; empty for no file
  std::vector<ByteRange> hidden = {};  // values of secrets: shown as asterisks (shown_line)
  CachedTextIndex cached_index = {};   // for index()
  mutable LineSecrets last_line = {};  // for shown_line

  const TextIndex& index() const { return cached_index.of(text); }
};
using SourcePtr = std::shared_ptr<const Source>;

// Lines and columns start at 1; columns count code points, a BOM is not counted. 0: no place.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Span {
  SourcePtr source;
  Position begin;
  Position end;  // one past the last column; same as begin when unknown
  explicit operator bool() const { return source != nullptr && begin.line != 0; }
};

struct Member;

// A null, a scalar, a list or a table. Tables keep the order of the file.
struct Node {
  using List = std::vector<Node>;
  using Table = std::vector<Member>;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Table> value;
  Span span;

  const Node* find(std::string_view key) const;  // the member's value; nothing when no table
  const Member* member(std::string_view key) const;
  const std::string* string() const { return std::get_if<std::string>(&value); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value); }
  const bool* boolean() const { return std::get_if<bool>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
  const Table* table() const { return std::get_if<Table>(&value); }
};

struct Member {
  std::string key;
  Span key_span;
  Node value;
};

// "text", "integer", "list", …: the words of messages and of JSON Schema's `type`.
std::string_view type_name(const Node& node);

}  // namespace exai::config
