// `set -a; source FILE` of bash, for files that only assign. A line that does more (runs a command,
// forks, fills an array) assigns nothing here and leaves a remark at the names it mentions; from
// a line on that bash itself refuses, nothing is read.
#include <algorithm>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/readers/readers.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxValues = std::size_t{16} << 20U;  // all together

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Words that begin more than a simple command.
bool is_reserved(std::string_view word) {
  constexpr std::array<std::string_view, 13> kReserved = {
      "if", "for", "while", "until", "case", "select", "function",
      "{",  "}",   "then",  "do",    "fi",   "done"};
  return contains(kReserved, word);
}

struct Word {
  std::string text;       // of an assignment: the value
  std::string name;       // of an assignment
  std::string not_plain;  // why it cannot be said what bash makes of it
  bool quoted = false;
  bool splits = false;  // an expansion may make none of it, or several words
};

class Shell {
 public:
  Shell(std::string_view text, const Lookup& environment)
      : text_(text), environment_(environment) {}

  ReaderView run() && {
    if (text_.find('\0') != std::string_view::npos) return {{}, {}, "it contains a NUL byte"};
    while (at_ < text_.size() && view_.refusal.empty()) read_command();
    return std::move(view_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void skip_blanks() {
    while (is_blank(peek()) || (peek() == '\\' && peek(1) == '\n')) at_ += peek() == '\\' ? 2 : 1;
  }

  // Up to a newline, ";" or "&&". Assignments of the same command are made from left to right.
  void read_command() {
    std::vector<Word> words;
    std::string lost;  // why the command assigns nothing
    for (;;) {
      skip_blanks();
      const char c = peek();
      if (c == '#') skip_line();
      if (at_ >= text_.size()) break;
      const bool ends = c == ';' || c == '&' || c == '|';
      if (c == '(' || c == ')' || (ends && words.empty())) {
        view_.refusal = fmt::format("a syntax error at \"{}\"", c);
        return;
      }
      if (peek() == '\n' || c == ';') {
        ++at_;
        break;
      }
      if (c == '&' || c == '|') {
        const bool list = peek(1) == c;
        at_ += list ? 2 : 1;
        if (!list) lost = c == '&' ? "\"&\" ends the command" : "\"|\" ends the command";
        break;
      }
      if (c == '<' || c == '>') {
        lost = fmt::format("\"{}\" is a redirection", c);
        skip_line();
        break;
      }
      if (words.size() > 1000) {
        skip_line();
        break;
      }
      words.push_back(read_word());
      if (!view_.refusal.empty()) return;
    }
    finish(words, lost);
  }

  void finish(std::vector<Word>& words, std::string lost) {
    std::erase_if(words, [](const Word& word) {  // what an expansion made vanish
      return word.name.empty() && word.text.empty() && word.not_plain.empty() && !word.quoted;
    });
    if (words.empty()) return;
    std::size_t first = 0;
    const bool exports = words[0].name.empty() && words[0].text == "export";
    if (words[0].name.empty() && !words[0].quoted && is_reserved(words[0].text)) {
      view_.refusal = "it holds more than assignments";
      return;
    }
    if (exports) first = 1;
    const bool splits =
        std::any_of(words.begin(), words.end(), [](const Word& word) { return word.splits; });
    if (splits && exports) {
      view_.refusal = "it holds more than assignments";
      return;
    }
    for (std::size_t i = first; i < words.size() && !exports; ++i)
      if (words[i].name.empty() && lost.empty())
        lost = fmt::format("it would run {}", printable(words[i].text));
    for (std::size_t i = first; i < words.size(); ++i) {
      Word& word = words[i];
      if (word.name.empty())
        mention(word, exports, lost);
      else if (!lost.empty() && !splits)
        remark(word.name, lost);
      else if (!lost.empty())
        forget(word, lost);
      else if (!word.not_plain.empty())
        forget(word, word.not_plain);
      else
        assign(std::move(word));
    }
  }

  void remark(const std::string& name, const std::string& why) {
    view_.remarks.insert_or_assign(name, "not a plain assignment: " + why);
  }

  // It gets a value, but who knows which.
  void forget(const Word& word, const std::string& why) {
    view_.values.erase(word.name);
    remark(word.name, why);
    unknown_.insert(word.name);
  }

  void assign(Word word) {
    unknown_.erase(word.name);
    view_.remarks.erase(word.name);
    view_.values.insert_or_assign(std::move(word.name), std::move(word.text));
  }

  // A word that assigns nothing: `export A`, or the command.
  void mention(const Word& word, bool exports, const std::string& lost) {
    const std::string name = word.text.substr(0, word.text.find('='));
    if (!exports) {
      if (!view_.values.contains(name)) remark(name, lost);
    } else if (!view_.values.contains(name)) {
      if (const auto value = environment_(name))
        view_.values.emplace(name, *value);
      else
        view_.remarks.insert_or_assign(name, "inherited, and not set");
    }
  }

  Word read_word() {
    Word word;
    const std::size_t begin = at_;
    std::size_t name_end = begin;
    while (name_end < text_.size() && continues_identifier(text_[name_end])) ++name_end;
    const std::string_view name = text_.substr(begin, name_end - begin);
    const std::string_view rest = text_.substr(name_end);
    if (is_identifier(name) && rest.starts_with('=')) {
      word.name = name;
      at_ = name_end + 1;
      if (peek() == '(') {
        word.not_plain = "it fills an array";
        skip_line();
        return word;
      }
      if (peek() == '~') word.not_plain = "\"~\" is a home folder";
    } else if (is_identifier(name) && (rest.starts_with("+=") || rest.starts_with('['))) {
      word.name = name;
      word.not_plain = "it adds to a variable";
    }
    while (at_ < text_.size() && view_.refusal.empty() && !ends_word(peek())) read_piece(word);
    return word;
  }

  static bool ends_word(char c) {
    return is_blank(c) || c == '\n' || c == ';' || c == '&' || c == '|' || c == '<' || c == '>' ||
           c == '(' || c == ')';
  }

  void add(Word& word, std::string_view text) {
    written_ += text.size();
    if (written_ > kMaxValues)
      view_.refusal = "its values get longer than 16 MiB";
    else
      word.text += text;
  }

  void read_piece(Word& word) {
    const char c = peek();
    if (c == '\'') {
      const std::size_t close = text_.find('\'', at_ + 1);
      if (close == std::string_view::npos) return unterminated();
      add(word, text_.substr(at_ + 1, close - at_ - 1));
      at_ = close + 1;
      word.quoted = true;
    } else if (c == '"') {
      read_double_quoted(word);
    } else if (c == '\\') {
      const bool last = at_ + 1 == text_.size();  // then it stands for itself
      if (last || peek(1) != '\n') add(word, text_.substr(last ? at_ : at_ + 1, 1));
      at_ = std::min(at_ + 2, text_.size());
      word.quoted = true;
    } else if (c == '$' || c == '`') {
      read_reference(word, false);
    } else {
      if (c == '~' && word.text.ends_with(':')) word.not_plain = "\"~\" is a home folder";
      if (c == '{' && word.name.empty()) word.not_plain = "\"{\" may make several words";
      add(word, text_.substr(at_++, 1));
    }
  }

  void unterminated() { view_.refusal = "a quote is never closed"; }

  void read_double_quoted(Word& word) {
    word.quoted = true;
    for (++at_; at_ < text_.size() && view_.refusal.empty();) {
      const char c = peek();
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\\') {
        const char next = peek(1);
        const bool escape = next == '$' || next == '`' || next == '"' || next == '\\';
        if (!escape && next != '\n') add(word, "\\");
        if (next != '\n' && at_ + 1 < text_.size()) add(word, text_.substr(at_ + 1, 1));
        at_ += 2;
      } else if (c == '$' || c == '`') {
        read_reference(word, true);
      } else {
        add(word, text_.substr(at_++, 1));
      }
    }
    if (view_.refusal.empty()) unterminated();
  }

  void read_reference(Word& word, bool quoted) {
    if (!quoted && word.name.empty()) word.splits = true;
    if (peek() == '`') return read_substitution(word, '`', 1);
    const char next = peek(1);
    if (next == '(') return read_substitution(word, ')', 2);
    if (next == '{') return read_braced(word);
    if (begins_identifier(next)) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && continues_identifier(text_[end])) ++end;
      add(word, lookup(text_.substr(at_ + 1, end - at_ - 1), word).value_or(""));
      at_ = end;
    } else if (next >= '1' && next <= '9') {  // an argument, and there is none
      at_ += 2;
    } else if (std::string_view("$!?#*@-0").find(next) != std::string_view::npos && next != '\0') {
      word.not_plain = fmt::format("${} differs from shell to shell", next);
      at_ += 2;
    } else if (next == '\\' && peek(2) == '\n') {
      word.not_plain = "a reference goes on in the next line";
      ++at_;
    } else if (!quoted && (next == '\'' || next == '"')) {
      word.not_plain = fmt::format("${0}…{0} is a quote of its own", next);
      ++at_;
    } else {
      add(word, "$");
      ++at_;
    }
  }

  // What a command prints: nobody runs it here. It ends at the first `end`, near enough.
  void read_substitution(Word& word, char end, std::size_t opening) {
    word.not_plain = "it runs a command";
    const std::size_t close = text_.find(end, at_ + opening);
    if (close == std::string_view::npos) return unterminated();
    add(word, text_.substr(at_, close + 1 - at_));
    at_ = close + 1;
  }

  void read_braced(Word& word) {
    const std::size_t close = text_.find('}', at_);
    if (close == std::string_view::npos) return unterminated();
    const std::string_view inner = text_.substr(at_ + 2, close - at_ - 2);
    at_ = close + 1;
    const auto name_end = static_cast<std::size_t>(
        std::find_if(inner.begin(), inner.end(), [](char c) { return !continues_identifier(c); }) -
        inner.begin());
    const std::string_view name = inner.substr(0, name_end);
    std::string_view rest = inner.substr(name_end);
    const bool empty_is_unset = rest.starts_with(':');
    if (empty_is_unset) rest.remove_prefix(1);
    const char action = rest.empty() ? '\0' : rest.front();
    const std::string_view other = rest.empty() ? rest : rest.substr(1);
    const bool plain = is_identifier(name) && (action == '-' || action == '+' || action == '?' ||
                                               (action == '\0' && !empty_is_unset));
    if (!plain || other.find_first_of("\"'\\`$~") != std::string_view::npos) {
      word.not_plain = "an expansion that only a shell can do";
      return;
    }
    const auto value = lookup(name, word);
    const bool set = value && !(empty_is_unset && value->empty());
    if (action == '?' && !set) view_.refusal = fmt::format("{} is not set", name);
    if (action == '+')
      add(word, set ? other : "");
    else
      add(word, set ? *value : action == '-' ? std::string(other) : "");
  }

  std::optional<std::string> lookup(std::string_view name, Word& word) const {
    if (unknown_.contains(name)) word.not_plain = fmt::format("who knows what {} is", name);
    if (const auto own = view_.values.find(name); own != view_.values.end()) return own->second;
    return environment_(name);
  }

  std::string_view text_;
  const Lookup& environment_;
  std::size_t at_ = 0;
  std::size_t written_ = 0;
  std::set<std::string, std::less<>> unknown_;
  ReaderView view_;
};

}  // namespace

ReaderView read_as_bash(std::string_view text, const Lookup& environment) {
  return Shell(text, environment).run();
}

}  // namespace exai::config
