#include "core/config/secrecy.hpp"

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"

namespace exai::config {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
bool is_quote(char c) {
  return c == '"' || c == '\'' || c == '`';
}
bool is_word(char c) {
  return continues_identifier(c) || c == '-' || c == '.';
}

// Values that belong to one line are found line by line; those that go on below it (a block in
// YAML, text in quotes, a key in PEM, the next item of a list) leave a note of what the next line
// is.
class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<ByteRange> run() && {
    for (std::size_t begin = 0; begin < text_.size();) {
      begin_ = begin;
      end_ = std::min(text_.find('\n', begin), text_.size());
      line();
      begin = end_ + 1;
    }
    return std::move(found_);
  }

 private:
  enum class Next { nothing, item, block, quoted, pem };

  void line() {
    text_begin_ = begin_;
    while (text_begin_ < end_ && is_blank(text_[text_begin_])) ++text_begin_;
    is_redis_ = line_text().find("redis-cli") != std::string_view::npos;
    word_end_ = begin_;
    if (next_ == Next::pem || std::string_view::npos != line_text().find("-----BEGIN "))
      return pem();
    std::size_t i = begin_;
    if (next_ != Next::nothing) i = continued();
    quote_ = '\0';
    depth_ = 0;
    while (i < end_) i = step(i);
  }

  std::string_view line_text() const { return text_.substr(begin_, end_ - begin_); }
  std::size_t indent() const { return text_begin_ - begin_; }

  void add(std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    if (!found_.empty() && begin < found_.back().end) {
      found_.back().end = std::max(found_.back().end, end);
      return;
    }
    found_.push_back({begin, end});
  }

  void pem() {
    const bool starts = next_ != Next::pem;
    const bool is_private = line_text().find("PRIVATE KEY") != std::string_view::npos;
    if (starts && !is_private) return;
    const bool ends = line_text().find("-----END ") != std::string_view::npos;
    std::size_t from = text_begin_;
    if (starts) from = begin_ + line_text().find("-----BEGIN ");
    add(from, end_);
    next_ = ends ? Next::nothing : Next::pem;
  }

  // What an earlier line has left open. Returns: where to go on in this one.
  std::size_t continued() {
    std::size_t first = text_begin_;
    if (first == end_) return end_;
    if (next_ == Next::quoted) return quoted_on();
    const bool deeper = indent() > indent_;
    if (next_ == Next::block) {
      if (!deeper) {
        next_ = Next::nothing;
        return begin_;
      }
      add(first, end_);
      return end_;
    }
    next_ = Next::nothing;
    if (text_[first] == '#') return begin_;
    const bool is_item = text_.substr(first, 2) == "- ";
    if (is_item != after_item_ || (!is_item && !deeper && !in_list_)) return begin_;
    if (is_item) first += 2;
    while (first < end_ && is_blank(text_[first])) ++first;
    if (!after_item_ && !in_list_ &&
        (text_.substr(first, end_ - first).find(": ") != std::string_view::npos ||
         text_[end_ - 1] == ':'))
      return begin_;  // a table of its own
    return value(first, Ends::line);
  }

  std::size_t quoted_on() {
    const std::size_t close = std::min(text_.substr(0, end_).find(closing_, begin_), end_);
    add(text_begin_, close);
    if (close == end_) return end_;
    next_ = Next::nothing;
    return close + closing_.size();
  }

  enum class Ends { line, word, query };

  std::size_t step(std::size_t i) {
    const char c = text_[i];
    if (is_quote(c)) {
      if (quote_ == c)
        quote_ = '\0';
      else if (quote_ == '\0' && (i == begin_ || !is_word(text_[i - 1])))
        quote_ = c;
      return i + 1;
    }
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    if (text_.substr(i, 3) == "://") return address(i);
    if (!is_word(c)) return i + 1;
    std::size_t end = i;
    while (end < end_ && is_word(text_[end])) ++end;
    return word(i, end);
  }

  // user:password@ after ://. What has no @ any more is not read again for each ://.
  std::size_t address(std::size_t i) {
    if (i >= word_end_) {
      word_end_ = i + 3;
      while (word_end_ < end_ && !is_blank(text_[word_end_]) && !is_quote(text_[word_end_]) &&
             text_[word_end_] != '<')
        ++word_end_;
      const std::size_t at = text_.substr(i, word_end_ - i).rfind('@');
      last_at_ = at == std::string_view::npos ? 0 : i + at;
    }
    if (last_at_ < i) return i + 3;
    const ByteRange password = url_password(text_.substr(i, word_end_ - i));
    if (password.begin == password.end) return i + 3;
    unless_reference(i + password.begin, i + password.end);
    return i + password.end;
  }

  std::size_t word(std::size_t begin, std::size_t end) {
    const std::string_view whole = text_.substr(begin, end - begin);
    if (is_known_token(whole)) return add(begin, end), end;
    if (whole == "Bearer" || whole == "Basic") return after_scheme(end);
    const std::size_t dashes = std::min(whole.find_first_not_of('-'), whole.size());
    const std::string_view name = whole.substr(dashes);
    const bool is_flag = dashes > 0;
    if (is_flag && is_short_secret(whole)) return argument(end);
    if (!sounds_secret(name)) return end;
    if (is_flag) return argument(end);
    return after_name(begin, end);
  }

  // The forms of well-known issuers.
  static bool is_known_token(std::string_view word) {
    constexpr std::array<std::string_view, 12> kStarts = {
        "sk-",   "sk_live_", "sk_test_", "rk_live_", "ghp_",        "gho_",
        "xoxb-", "xoxp-",    "glpat-",   "AKIA",     "github_pat_", "AGE-SECRET-KEY-1"};
    if (word.size() < 20) return false;
    if (word.starts_with("eyJ")) return std::count(word.begin(), word.end(), '.') == 2;
    const bool has_digit = word.find_first_of("0123456789") != word.npos;
    return has_digit && std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) {
             return word.starts_with(start);
           });
  }

  std::size_t after_scheme(std::size_t end) {
    std::size_t first = end;
    while (first < end_ && is_blank(text_[first])) ++first;
    std::size_t last = first;
    while (last < end_ && !is_blank(text_[last]) && !is_quote(text_[last])) ++last;
    if (first == end || last - first < 12) return end;
    unless_reference(first, last);
    return last;
  }

  // redis-cli -a: only there.
  bool is_short_secret(std::string_view flag) const { return flag == "-a" && is_redis_; }

  // --password VALUE, --password=VALUE, "--password", "VALUE", and the same in list items.
  std::size_t argument(std::size_t end) {
    std::size_t i = end;
    if (i < end_ && text_[i] == '=') return value(i + 1, Ends::word);
    const bool in_quotes = quote_ != '\0';
    if (in_quotes && i < end_ && text_[i] == quote_) {
      ++i;
      quote_ = '\0';
    }
    while (i < end_ && (is_blank(text_[i]) || text_[i] == ',')) ++i;
    if (i == end_) {
      expect_next(text_.substr(text_begin_, 2) == "- ");
      in_list_ = depth_ > 0 || !after_item_;
      return end_;
    }
    return i == end || text_[i] == '#' || text_[i] == ']' ? i : value(i, Ends::word);
  }

  void expect_next(bool item) {
    next_ = Next::item;
    after_item_ = item;
    in_list_ = false;
    indent_ = indent();
  }

  std::size_t after_name(std::size_t begin, std::size_t end) {
    std::size_t i = end;
    if (i < end_ && text_[i] == '\\') ++i;
    const bool closes = i < end_ && is_quote(text_[i]);
    if (closes) {
      ++i;
      quote_ = '\0';
    }
    const std::size_t after = i;
    while (i < end_ && is_blank(text_[i])) ++i;
    if (i == end_) return end_;
    const bool in_query = begin > begin_ && (text_[begin - 1] == '?' || text_[begin - 1] == '&');
    if (text_[i] == '=') return value(i + 1, in_query ? Ends::query : Ends::line);
    if (text_[i] == ':' && (closes || i + 1 == end_ || is_blank(text_[i + 1])))
      return value(i + 1, Ends::line);
    if (i > after && !closes && is_spaced_statement(begin)) return value(i, Ends::line);
    return after;
  }

  // "ENV NAME value", "requirepass value": the name stands at the beginning, or behind ENV.
  bool is_spaced_statement(std::size_t name) const {
    const std::string_view before = trim(text_.substr(text_begin_, name - text_begin_));
    const std::string_view word = text_.substr(name, 11);
    return (before.size() == 3 && to_lower(before) == "env") ||
           (before.empty() && (word.starts_with("requirepass") || word.starts_with("masterauth")));
  }

  std::size_t value(std::size_t i, Ends ends) {
    while (i < end_ && is_blank(text_[i])) ++i;
    if (i == end_) {
      if (ends == Ends::line && quote_ == '\0') expect_next(false);
      return end_;
    }
    const char c = text_[i];
    if (c == '\\' && i + 1 < end_ && is_quote(text_[i + 1])) return quoted(i + 2, "\\\"");
    if (text_.substr(i, 3) == "\"\"\"") return quoted(i + 3, "\"\"\"");
    if (is_quote(c) && c != quote_) return quoted(i + 1, std::string(1, c));
    if (c == '{' || c == '#' || c == quote_) return i;
    if ((c == '|' || c == '>') && ends == Ends::line && end_ - i <= 4) {
      next_ = Next::block;
      indent_ = indent();
      return end_;
    }
    const std::size_t last = plain_end(i, ends);
    unless_reference(i, last);
    return last;
  }

  std::size_t plain_end(std::size_t i, Ends ends) const {
    std::size_t last = i;
    for (; last < end_; ++last) {
      const char c = text_[last];
      if (quote_ != '\0' && c == quote_) break;
      if (c == '$' && last + 1 < end_ && text_[last + 1] == '{') {
        last = std::min(text_.substr(0, end_).find('}', last), end_ - 1);
        continue;
      }
      if (ends != Ends::line && (is_blank(c) || is_quote(c))) break;
      if (ends == Ends::query && c == '&') break;
      if (depth_ > 0 && quote_ == '\0' && (c == ',' || c == '}' || c == ']')) break;
    }
    while (last > i && is_blank(text_[last - 1])) --last;
    return last;
  }

  std::size_t quoted(std::size_t i, const std::string& closing) {
    std::size_t close = i;
    while (close < end_ && text_.substr(close, closing.size()) != closing)
      close += text_[close] == '\\' && closing != "'" && closing[0] != '\\' ? 2 : 1;
    if (close < end_) {
      unless_reference(i, close);
      return close + closing.size();
    }
    add(i, end_);
    next_ = Next::quoted;
    closing_ = closing;
    return end_;
  }

  // ${NAME} is no secret; the default in ${NAME:-default} is. Nor are names of variables ("password
  // = "REDIS_PASSWORD"") and paths.
  void unless_reference(std::size_t begin, std::size_t end) {
    const std::string_view value = text_.substr(begin, end - begin);
    if (!is_secret_value(value) || is_name(value)) return;
    if (value.starts_with("${") && value.find('}') == value.size() - 1) {
      const std::size_t dash = value.find_first_of("-+");
      if (dash != value.npos) add(begin + dash + 1, end - 1);
      return;
    }
    add(begin, end);
  }

  static bool is_name(std::string_view value) {
    return value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == value.npos &&
           value.find('_') != value.npos && sounds_secret(value);
  }

  std::string_view text_;
  std::vector<ByteRange> found_;
  std::size_t begin_ = 0;  // of the line
  std::size_t end_ = 0;
  std::size_t text_begin_ = 0;  // of the line, behind its indentation
  bool is_redis_ = false;       // the line speaks of redis-cli
  std::size_t word_end_ = 0;    // of the address that was looked at last
  std::size_t last_at_ = 0;     // its last @; 0: none
  char quote_ = '\0';           // that is open at this place of the line
  int depth_ = 0;               // of brackets on this line
  Next next_ = Next::nothing;
  std::size_t indent_ = 0;  // of the line that left something open
  bool after_item_ = false;
  bool in_list_ = false;
  std::string closing_;
};

}  // namespace

std::vector<ByteRange> find_secrets(std::string_view text) {
  return Finder(text).run();
}

std::string conceal(std::string_view text) {
  std::string shown;
  std::size_t done = 0;
  for (const ByteRange& range : find_secrets(text)) {
    shown += text.substr(done, range.begin - done);
    for (const char c : text.substr(range.begin, range.end - range.begin))
      if (c == '\n')
        shown += c;
      else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
        shown += '*';
    done = range.end;
  }
  return shown += text.substr(done);
}

}  // namespace exai::config
