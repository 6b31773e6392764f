#include "core/config/toml_outline.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

constexpr int kMaxNesting = 32;
constexpr std::size_t kMaxKeyParts = 16;
constexpr std::size_t kMaxDuplicates = 100;  // nobody reads on after that

bool is_bare(char c) {
  return continues_identifier(c) || c == '-';
}

struct KeyPart {
  std::string name;
  TomlRange place;
};

// The tables of the file. A list of tables stands for its newest element.
class Tables {
 public:
  static constexpr int kRoot = 0;
  // Why a name is there decides whether it may come again.
  enum class Kind { implied, header, dotted, value, list };

  explicit Tables(std::vector<TomlDuplicate>& duplicates) : duplicates_(duplicates) {
    nodes_.push_back({-1, "", {}, Kind::header, kRoot});
  }

  // [a.b.c] or [[a.b.c]]. Returns: the table that the keys below it belong to.
  int header(const std::vector<KeyPart>& key, Kind kind) {
    int table = kRoot;
    for (std::size_t i = 0; i + 1 < key.size(); ++i) table = enter(table, key[i], Kind::implied);
    const KeyPart& last = key.back();
    const int found = find(table, last.name);
    if (found < 0) return element_of(add(table, last, kind));
    Node& node = nodes_[static_cast<std::size_t>(found)];
    const bool again = kind == Kind::list ? node.kind != Kind::list : node.kind != Kind::implied;
    if (again) return duplicate(found, last);
    if (kind == Kind::list) return element_of(found);
    node.kind = kind;
    node.place = last.place;
    return found;
  }

  // a.b.c = …  Returns: the name's table, should the value be one.
  int pair(int table, const std::vector<KeyPart>& key) {
    for (std::size_t i = 0; i + 1 < key.size(); ++i) table = enter(table, key[i], Kind::dotted);
    const int found = find(table, key.back().name);
    return found < 0 ? add(table, key.back(), Kind::value) : duplicate(found, key.back());
  }

  int anonymous() { return add(-1, {}, Kind::value); }

 private:
  struct Node {
    int parent;
    std::string name;
    TomlRange place;
    Kind kind;
    int element;  // of a list: its newest; else itself
  };

  int find(int table, const std::string& name) const {
    const auto found = children_.find({table, name});
    return found == children_.end() ? -1 : found->second;
  }

  int add(int table, const KeyPart& key, Kind kind) {
    const int index = static_cast<int>(nodes_.size());
    nodes_.push_back({table, key.name, key.place, kind, index});
    if (table >= 0) children_.emplace(std::pair(table, key.name), index);
    return index;
  }

  int element_of(int index) {
    if (nodes_[static_cast<std::size_t>(index)].kind != Kind::list) return index;
    const int element = static_cast<int>(nodes_.size());
    nodes_.push_back({index, "", {}, Kind::header, element});
    nodes_[static_cast<std::size_t>(index)].element = element;
    return element;
  }

  int enter(int table, const KeyPart& key, Kind kind) {
    const int found = find(table, key.name);
    if (found < 0) return add(table, key, kind);
    return nodes_[static_cast<std::size_t>(found)].element;
  }

  int duplicate(int first, const KeyPart& again) {
    const Node& node = nodes_[static_cast<std::size_t>(first)];
    if (duplicates_.size() < kMaxDuplicates)
      duplicates_.push_back({path_of(first), node.place, again.place});
    return anonymous();  // what follows belongs to neither
  }

  std::string path_of(int index) const {
    std::string path;
    for (; index > kRoot; index = nodes_[static_cast<std::size_t>(index)].parent) {
      const std::string& name = nodes_[static_cast<std::size_t>(index)].name;
      if (name.empty()) continue;
      path = path.empty() ? name : name + "." + path;
    }
    return path;
  }

  std::vector<Node> nodes_;
  std::map<std::pair<int, std::string>, int> children_;
  std::vector<TomlDuplicate>& duplicates_;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), tables_(outline_.duplicates) {}

  TomlOutline run() && {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    while (!done() && !outline_.flaw) statement();
    return std::move(outline_);
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char here(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void flaw(std::string message, std::string help, std::size_t begin, std::size_t end) {
    if (!outline_.flaw) outline_.flaw = {std::move(message), std::move(help), {begin, end}};
    at_ = text_.size();
  }

  void skip_blanks() {
    while (here() == ' ' || here() == '\t') ++at_;
  }

  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  // White space, newlines, comments: what may stand between the items of a list.
  void skip_filling() {
    while (!done()) {
      if (here() == '#')
        skip_line();
      else if (here() == ' ' || here() == '\t' || here() == '\n' || here() == '\r')
        ++at_;
      else
        return;
    }
  }

  void statement() {
    skip_filling();
    if (done()) return;
    if (here() == '[') return header();
    pair(table_, 0);
    skip_line();
  }

  void header() {
    const bool list = here(1) == '[';
    at_ += list ? 2 : 1;
    const std::vector<KeyPart> key = read_key();
    if (!key.empty())
      table_ = tables_.header(key, list ? Tables::Kind::list : Tables::Kind::header);
    skip_line();
  }

  // Returns: false when this is no pair; the parser will say what is wrong.
  bool pair(int table, int depth) {
    const std::vector<KeyPart> key = read_key();
    skip_blanks();
    if (key.empty() || here() != '=') return false;
    ++at_;
    skip_blanks();
    value(tables_.pair(table, key), depth);
    return true;
  }

  std::vector<KeyPart> read_key() {
    std::vector<KeyPart> key;
    const std::size_t begin = at_;
    for (;;) {
      skip_blanks();
      KeyPart part;
      part.place.begin = at_;
      if (here() == '"' || here() == '\'') {
        const std::size_t open = at_;
        string();
        if (outline_.flaw) return {};
        part.name = text_.substr(open + 1, at_ - open - 2);
      } else {
        while (is_bare(here())) ++at_;
        part.name = text_.substr(part.place.begin, at_ - part.place.begin);
        if (part.name.empty()) return {};
      }
      part.place.end = at_;
      key.push_back(std::move(part));
      if (key.size() > kMaxKeyParts) {
        flaw(fmt::format("a key of more than {} parts", kMaxKeyParts), "", begin, at_);
        return {};
      }
      skip_blanks();
      if (here() != '.') return key;
      ++at_;
    }
  }

  void value(int table, int depth) {
    if (depth > kMaxNesting)
      return flaw(fmt::format("values are nested more than {} deep", kMaxNesting), "", at_,
                  at_ + 1);
    if (here() == '"' || here() == '\'') return string();
    if (here() == '[') return list(depth);
    if (here() == '{') return inline_table(table, depth);
    while (!done() && std::string_view(",]}#\n \t\r").find(here()) == std::string_view::npos) ++at_;
  }

  void list(int depth) {
    const std::size_t open = at_++;
    for (;;) {
      skip_filling();
      if (done()) return flaw("this list is never closed", "add \"]\"", open, open + 1);
      if (here() == ']') {
        ++at_;
        return;
      }
      if (here() == ',') {
        ++at_;
        continue;
      }
      const std::size_t before = at_;
      value(tables_.anonymous(), depth + 1);
      if (at_ == before) return;  // a stray "}" or the like: for the parser to say
    }
  }

  void inline_table(int table, int depth) {
    const std::size_t open = at_++;
    for (;;) {
      skip_blanks();
      if (here() == '}') {
        ++at_;
        return;
      }
      if (done() || here() == '\n' || here() == '\r' || here() == '#')
        return flaw("this inline table is not closed on its line",
                    "add \"}\"; a table of several lines has its own [header]", open, open + 1);
      if (here() == ',') {
        ++at_;
        continue;
      }
      if (!pair(table, depth + 1)) return;
    }
  }

  // A string of any of the four kinds. Leaves the position behind its end.
  void string() {
    const char quote = here();
    const std::size_t open = at_;
    const std::string three(3, quote);
    if (text_.substr(at_).starts_with(three)) return multi_line_string(three);
    for (++at_; !done() && here() != '\n' && here() != quote; ++at_)
      if (quote == '"' && here() == '\\' && here(1) != '\n') ++at_;
    if (here() == quote) {
      ++at_;
      return;
    }
    flaw(fmt::format("this quote is not closed on its line: {}", quote),
         fmt::format("add {} where the text ends; text of several lines stands between {}", quote,
                     three),
         open, open + 1);
  }

  void multi_line_string(const std::string& quotes) {
    const std::size_t open = at_;
    for (at_ += 3; !done(); ++at_) {
      if (quotes[0] == '"' && here() == '\\') {
        ++at_;
      } else if (text_.substr(at_).starts_with(quotes)) {
        at_ += 3;
        for (int extra = 0; extra < 2 && here() == quotes[0]; ++extra) ++at_;
        return;
      }
    }
    flaw(fmt::format("this text is never closed: {}", quotes),
         fmt::format("add {} where it ends", quotes), open, open + 3);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TomlOutline outline_;
  Tables tables_;
  int table_ = Tables::kRoot;
};

}  // namespace

TomlOutline outline_toml(std::string_view text) {
  return Scanner(text).run();
}

}  // namespace exai::config
