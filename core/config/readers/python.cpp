// python-dotenv: dotenv_values() of versions 0.21 to 1.2, in a file read as UTF-8 text. A statement
// that does not fit is dropped up to the end of its line. ${NAME} and ${NAME:-default} are replaced
// in every value, in single quotes too; the file's own earlier values come before the environment.
#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/readers/readers.hpp"
#include "core/config/unicode.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxValues = std::size_t{16} << 20U;  // all together

// What str.isspace() says.
bool is_white(std::uint32_t c) {
  return is_space(c) || (c >= 0x1C && c <= 0x1F);
}

// Every end of line a newline, as files opened as text have it.
std::string with_newlines(std::string_view bytes) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  return replace_all(replace_all(std::string(bytes), "\r\n", "\n"), "\r", "\n");
}

std::string decode_escapes(std::string_view text, char quote) {
  constexpr std::string_view kLetters = "abfnrtv";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const std::size_t letter = quote == '"' ? kLetters.find(next) : std::string_view::npos;
    if (next == '\\' || next == '\'' || (quote == '"' && next == '"')) {
      out += next;
      ++i;
    } else if (next != '\0' && letter != std::string_view::npos) {
      out += kMeanings[letter];
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Up to white space and "#"; then without white space at its end.
std::string_view without_comment(std::string_view line) {
  std::size_t end = 0;  // of what is more than white space
  for (std::size_t at = 0; at < line.size();) {
    const CodePoint c = code_point_at(line, at);
    if (c.value == '#' && at > end) break;
    if (!is_white(c.value)) end = at + c.length;
    at += c.length;
  }
  return line.substr(0, end);
}

class Reader {
 public:
  Reader(std::string text, const Lookup& environment)
      : text_(std::move(text)), environment_(environment) {}

  ReaderView run() && {
    while (at_ < text_.size() && view_.refusal.empty()) {
      skip_white([](std::uint32_t c) { return is_white(c); });
      if (at_ < text_.size() && !read_binding()) skip_line();
    }
    return std::move(view_);
  }

 private:
  template <class Test>
  void skip_white(const Test& test) {
    while (at_ < text_.size()) {
      const CodePoint c = code_point_at(text_, at_);
      if (!test(c.value)) return;
      at_ += c.length;
    }
  }
  void skip_blanks() {
    skip_white([](std::uint32_t c) { return c != '\n' && is_white(c); });
  }
  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size() - 1) + 1; }

  bool read_binding() {
    drop_export();
    if (at_ >= text_.size()) return false;
    std::string key;
    if (text_[at_] != '#' && !read_key(key)) return false;
    const bool named = !key.empty();
    skip_blanks();
    std::optional<std::string> value;
    if (at_ < text_.size() && text_[at_] == '=') {
      ++at_;
      skip_blanks();
      value.emplace();
      if (!read_value(*value)) return false;
    }
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '#')
      at_ = std::min(text_.find('\n', at_), text_.size());
    if (at_ < text_.size() && text_[at_] != '\n') return false;
    if (named) store(std::move(key), std::move(value));
    return true;
  }

  void drop_export() {
    constexpr std::string_view kExport = "export";
    if (text_.compare(at_, kExport.size(), kExport) != 0) return;
    const std::size_t begin = at_;
    at_ += kExport.size();
    const std::size_t blanks = at_;
    skip_blanks();
    if (at_ == blanks) at_ = begin;
  }

  bool read_key(std::string& key) {
    if (text_[at_] == '\'') {
      const std::size_t close = text_.find('\'', at_ + 1);
      if (close == std::string::npos || close == at_ + 1) return false;
      key = text_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
      return true;
    }
    const std::size_t begin = at_;
    skip_white([](std::uint32_t c) { return c != '=' && c != '#' && !is_white(c); });
    key = text_.substr(begin, at_ - begin);
    return !key.empty();
  }

  bool read_value(std::string& value) {
    const char first = at_ < text_.size() ? text_[at_] : '\n';
    if (first == '\'' || first == '"') {
      const auto close = closing_quote(text_, at_);
      if (!close) return false;
      value = decode_escapes(std::string_view(text_).substr(at_ + 1, *close - at_ - 1), first);
      at_ = *close + 1;
      return true;
    }
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    value = without_comment(std::string_view(text_).substr(at_, end - at_));
    at_ = end;
    return true;
  }

  void store(std::string key, std::optional<std::string> value) {
    if (!value) {
      view_.values.erase(key);
      view_.remarks.insert_or_assign(std::move(key), "a name without a value");
      return;
    }
    std::string replaced = expand(*value);
    written_ += replaced.size();
    if (written_ > kMaxValues) view_.refusal = "its values get longer than 16 MiB";
    view_.remarks.erase(key);
    view_.values.insert_or_assign(std::move(key), std::move(replaced));
  }

  std::optional<std::string> lookup(std::string_view name) const {
    if (view_.remarks.contains(name)) return "";
    if (const auto own = view_.values.find(name); own != view_.values.end()) return own->second;
    return environment_(name);
  }

  // ${NAME} and ${NAME:-default}; anything else stays.
  std::string expand(std::string_view text) const {
    std::string out;
    std::size_t stop = 0;   // the next "}" or ":"
    std::size_t close = 0;  // the next "}"
    for (std::size_t at = 0; at < text.size() && out.size() < kMaxValues;) {
      const std::size_t dollar = std::min(text.find("${", at), text.size());
      out += text.substr(at, dollar - at);
      at = dollar;
      if (at == text.size()) break;
      if (stop < at + 2) stop = text.find_first_of("}:", at + 2);
      if (stop != std::string_view::npos && close < stop) close = text.find('}', stop);
      if (stop == std::string_view::npos || close == std::string_view::npos)
        return out += text.substr(at);
      const bool with_default = text.substr(stop, 2) == ":-";
      if (text[stop] == ':' && !with_default) {
        out += text[at++];
        continue;
      }
      const std::string_view other =
          with_default ? text.substr(stop + 2, close - stop - 2) : std::string_view();
      out += lookup(text.substr(at + 2, stop - at - 2)).value_or(std::string(other));
      at = close + 1;
    }
    return out;
  }

  std::string text_;
  const Lookup& environment_;
  std::size_t at_ = 0;
  std::size_t written_ = 0;
  ReaderView view_;
};

}  // namespace

ReaderView read_as_python(std::string_view text, const Lookup& environment) {
  if (!is_utf8(text)) return {{}, {}, "it is not UTF-8"};
  return Reader(with_newlines(text), environment).run();
}

}  // namespace exai::config
