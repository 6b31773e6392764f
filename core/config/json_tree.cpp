#include "core/config/json_tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/unicode.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
constexpr int kDeepest = 64;

bool is_word(char c) {
  return continues_identifier(c) || c == '$';
}

// Recursive descent. A part that cannot be read gives nothing, and the fault is in the result.
class Reader {
 public:
  Reader(const SourcePtr& source, JsonStyle style, JsonTree& result)
      : source_(source), text_(source->text), style_(style), places_(source), result_(result) {}

  void run() {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    if (!skip_blanks()) return;
    if (at_ == text_.size()) {
      fault(at_, at_, "there is nothing in this file", "the smallest one is {}");
      return;
    }
    std::optional<Node> root = value(0);
    if (!root || !skip_blanks()) return;
    if (at_ < text_.size()) {
      fault(at_, at_ + 1, "the file goes on behind its value", "a JSON file is one value");
      return;
    }
    result_.root = std::move(root);
  }

 private:
  std::nullopt_t fault(std::size_t begin, std::size_t end, std::string message, std::string help) {
    result_.diagnostics.push_back(
        problem("CFG023", places_.span(begin, end), std::move(message), std::move(help)));
    return std::nullopt;
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view word() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    return text_.substr(at_, std::min<std::size_t>(end - at_, 40));
  }

  // Blanks, and comments where they may be. Returns: whether it can go on.
  bool skip_blanks() {
    for (;;) {
      at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
      const std::string_view rest = text_.substr(at_);
      const bool line = rest.starts_with("//");
      if (!line && !rest.starts_with("/*")) return true;
      if (style_ == JsonStyle::strict) {
        fault(at_, at_ + 2, "there are no comments in JSON", "remove it");
        return false;
      }
      const std::size_t end = line ? rest.find('\n') : rest.find("*/", 2);
      if (!line && end == rest.npos) {
        fault(at_, at_ + 2, "this comment is never closed", "add */ behind it");
        return false;
      }
      at_ = end == rest.npos ? text_.size() : at_ + end + (line ? 1 : 2);
    }
  }

  std::optional<Node> value(int depth) {
    const std::size_t begin = at_;
    const Position start = places_.at(begin);
    std::optional<Node> node;
    switch (next()) {
      case '{':
      case '[':
        if (depth == kDeepest)
          return fault(begin, begin + 1, fmt::format("this is nested more than {} deep", kDeepest),
                       "");
        node = next() == '{' ? table(depth, start) : list(depth, start);
        break;
      case '"':
        if (auto text = string()) node.emplace().value = std::move(*text);
        break;
      default:
        node = is_digit(next()) || next() == '-' ? number() : name();
    }
    if (node) node->span = {source_, start, places_.at(at_)};
    return node;
  }

  // ---- tables and lists

  std::optional<Node> table(int depth, Position start) {
    Node::Table members;
    std::map<std::string, std::size_t, std::less<>> seen;
    for (const char close = '}'; item(close, start, members.empty());) {
      if (done_) return Node{std::move(members), {}};
      if (next() != '"') return bad_key();
      const std::size_t begin = at_;
      const Position first = places_.at(begin);
      auto key = string();
      if (!key) return std::nullopt;
      const Span span{source_, first, places_.at(at_)};
      if (!skip_blanks()) return std::nullopt;
      if (next() != ':')
        return fault(at_, at_, "\":\" is missing behind the key", "write \"key\": value");
      ++at_;
      if (!skip_blanks()) return std::nullopt;
      auto one = value(depth + 1);
      if (!one) return std::nullopt;
      const auto [known, is_new] = seen.emplace(*key, members.size());
      if (is_new)
        members.push_back({std::move(*key), span, std::move(*one)});
      else
        twice(members[known->second], span, std::move(*one));
    }
    return std::nullopt;
  }

  void twice(Member& member, const Span& again, Node later) {
    Diagnostic one =
        problem("CFG021", again, fmt::format("\"{}\" is there twice", printable(member.key)),
                "keep one of them; now the later one counts");
    one.related.push_back({member.key_span, "first here"});
    result_.diagnostics.push_back(std::move(one));
    member.value = std::move(later);
  }

  std::optional<Node> list(int depth, Position start) {
    Node::List items;
    while (item(']', start, items.empty())) {
      if (done_) return Node{std::move(items), {}};
      auto one = value(depth + 1);
      if (!one) return std::nullopt;
      items.push_back(std::move(*one));
    }
    return std::nullopt;
  }

  // Goes to the next item of a table or list, or behind its end (then done_). Returns: whether it
  // can go on.
  bool item(char close, Position start, bool is_first) {
    done_ = false;
    std::optional<std::size_t> comma;
    if (is_first) {
      ++at_;  // the bracket
      if (!skip_blanks()) return false;
    } else {
      if (!skip_blanks()) return false;
      if (next() == ',') {
        comma = at_++;
        if (!skip_blanks()) return false;
      }
    }
    if (at_ == text_.size()) return never_closed(close, start);
    if (next() == close) {
      if (comma && style_ == JsonStyle::strict) {
        fault(*comma, *comma + 1, "no comma may stand behind the last item", "remove it");
        return false;
      }
      ++at_;
      return done_ = true;
    }
    if (next() == '}' || next() == ']') return wrong_close(close, start);
    if (is_first || comma) return true;
    fault(at_, at_, "\",\" is missing here", "put a comma between the items");
    return false;
  }

  bool never_closed(char close, Position start) {
    const Span span{source_, start, {start.line, start.column + 1}};
    result_.diagnostics.push_back(problem("CFG023", span, "this bracket is never closed",
                                          fmt::format("add \"{}\" at its end", close)));
    return false;
  }

  bool wrong_close(char close, Position start) {
    fault(at_, at_ + 1,
          fmt::format("\"{}\" closes what \"{}\" opened", next(), close == '}' ? '{' : '['),
          fmt::format("write \"{}\"", close));
    result_.diagnostics.back().related.push_back(
        {{source_, start, {start.line, start.column + 1}}, "opened here"});
    return false;
  }

  std::nullopt_t bad_key() {
    const std::string_view name = word();
    if (next() == '\'') return single_quotes();
    if (name.empty()) return fault(at_, at_ + 1, "a key is missing here", "write \"key\": value");
    return fault(at_, at_ + name.size(), "a key stands in double quotes",
                 fmt::format("write \"{}\"", name));
  }

  std::nullopt_t single_quotes() {
    return fault(at_, at_ + 1, "text stands in double quotes, not in single ones",
                 "write \"text\"");
  }

  // ---- scalars

  std::optional<Node> name() {
    const std::string_view found = word();
    at_ += found.size();
    if (found == "true" || found == "false") return Node{found == "true", {}};
    if (found == "null") return Node{};
    at_ -= found.size();
    return no_value(found);
  }

  std::nullopt_t no_value(std::string_view found) {
    if (at_ == text_.size()) return fault(at_, at_, "a value is missing at the end", "");
    if (next() == '\'') return single_quotes();
    if (next() == '#') return fault(at_, at_ + 1, "there are no # comments in JSON", "remove it");
    if (found.empty())
      return fault(at_, at_ + 1, "a value is missing here",
                   "a value is a text in double quotes, a number, true, false, null, {…} or […]");
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kOthers = {
        {{"True", "true"},
         {"False", "false"},
         {"None", "null"},
         {"nil", "null"},
         {"NULL", "null"},
         {"undefined", "null"},
         {"Null", "null"}}};
    for (const auto& [theirs, ours] : kOthers)
      if (found == theirs)
        return fault(at_, at_ + found.size(), fmt::format("{} is no value in JSON", found),
                     fmt::format("write {}", ours));
    return fault(at_, at_ + found.size(), "this is no value",
                 fmt::format("text stands in double quotes: \"{}\"", found));
  }

  std::size_t digits() {
    const std::size_t begin = at_;
    while (is_digit(next())) ++at_;
    return at_ - begin;
  }

  std::optional<Node> number() {
    const std::size_t begin = at_;
    if (next() == '-') ++at_;
    const bool zero = next() == '0';
    const std::size_t whole = digits();
    if (zero && whole > 1)
      return fault(begin, at_, "a number cannot begin with 0", "remove the zeroes, or quote it");
    bool good = whole > 0;
    const bool fraction = next() == '.';
    if (good && fraction) {
      ++at_;
      good = digits() > 0;
    }
    const bool exponent = next() == 'e' || next() == 'E';
    if (good && exponent) {
      ++at_;
      if (next() == '+' || next() == '-') ++at_;
      good = digits() > 0;
    }
    if (!good || is_word(next()))
      return fault(begin, at_ + word().size(), "this is no number",
                   "text stands in double quotes: \"text\"");
    const std::string_view text = text_.substr(begin, at_ - begin);
    if (const auto integer = parse_integer(text); integer && !fraction && !exponent)
      return Node{*integer, {}};
    const auto number = parse_number(text);
    if (number && std::isfinite(*number)) return Node{*number, {}};
    return fault(begin, at_, "this number is too large", "");
  }

  // From the opening quote to behind the closing one.
  std::optional<std::string> string() {
    const std::size_t begin = at_++;
    std::string result;
    for (;;) {
      const char c = next();
      if (at_ == text_.size() || c == '\n')
        return fault(begin, begin + 1, "this text is never closed",
                     "add a double quote at its end; a line end inside is written \\n");
      if (static_cast<unsigned char>(c) < 0x20)
        return fault(at_, at_ + 1, "a control character stands in the text",
                     fmt::format("write \\u{:04x}", static_cast<int>(c)));
      ++at_;
      if (c == '"') return result;
      if (c != '\\')
        result += c;
      else if (!escape(result))
        return std::nullopt;
    }
  }

  // Behind a backslash.
  bool escape(std::string& result) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    const std::size_t begin = at_ - 1;
    const char kind = next();
    ++at_;
    if (const std::size_t known = kNames.find(kind); known != kNames.npos && at_ <= text_.size()) {
      result += kMeaning[known];
      return true;
    }
    auto unit = kind == 'u' ? hexadecimal() : std::nullopt;
    if (unit && *unit >= 0xD800 && *unit < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      const auto low = hexadecimal();
      const bool pair = low && *low >= 0xDC00 && *low < 0xE000;
      unit = pair ? std::optional(0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00))
                  : std::nullopt;
    }
    if (unit && (*unit < 0xD800 || *unit >= 0xE000)) {
      append_utf8(result, *unit);
      return true;
    }
    fault(begin, std::min(at_, text_.size()),
          kind == 'u' ? "this escape is no character" : "this escape is unknown",
          "write \\\\ for a backslash");
    return false;
  }

  std::optional<std::uint32_t> hexadecimal() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = hex_digit(next());
      if (digit < 0) return std::nullopt;
      value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  const SourcePtr& source_;
  std::string_view text_;
  JsonStyle style_;
  Places places_;
  JsonTree& result_;
  std::size_t at_ = 0;
  bool done_ = false;  // the table or list has ended
};

JsonTree unreadable(std::string message, std::string help, Span span) {
  JsonTree result;
  result.diagnostics.push_back(
      problem("CFG023", std::move(span), std::move(message), std::move(help)));
  return result;
}

}  // namespace

JsonTree parse_json_tree(const SourcePtr& source, JsonStyle style) {
  if (source->text.size() > kMaxBytes)
    return unreadable("this file is larger than 1 MiB", "", {source, {1, 1}, {1, 1}});
  if (const auto bad = first_bad_byte(source->text))
    return unreadable("this byte is not UTF-8 text", "save the file as UTF-8",
                      Places(source).span(*bad, *bad + 1));
  JsonTree result;
  Reader(source, style, result).run();
  return result;
}

}  // namespace exai::config
