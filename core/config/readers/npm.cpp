// dotenv of npm: one regular expression over the whole text, unrolled by hand. A line is
//
//   white space, "export ", a name of [A-Za-z0-9_.-], then "=" or ": ", a value, a comment
//
// where white space may be newlines. The value is quoted if what follows the closing quote is a
// comment or the end of the line; else everything up to a "#".
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/readers/readers.hpp"
#include "core/config/unicode.hpp"

namespace exai::config {

namespace {

bool is_name_character(char c) {
  return continues_identifier(c) || c == '.' || c == '-';
}

// \s of JavaScript.
bool is_white(std::uint32_t c) {
  return c == 0xFEFF || (c != 0x85 && is_space(c));
}

// Decoded as JavaScript does: what is no UTF-8 becomes U+FFFD; every end of line a newline.
std::string decoded(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint c = code_point_at(bytes, at);
    const bool bad = c.value == 0xFFFD && c.length == 1;
    if (bytes[at] == '\r')
      text += at + 1 < bytes.size() && bytes[at + 1] == '\n' ? "" : "\n";
    else
      text += bad ? std::string_view("\xEF\xBF\xBD") : bytes.substr(at, c.length);
    at += c.length;
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (!is_white(c.value)) {
      begin = std::min(begin, at);
      end = at + c.length;
    }
    at += c.length;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

class Scanner {
 public:
  explicit Scanner(std::string text) : text_(std::move(text)) {}

  ReaderView run() && {
    for (std::size_t line = 0; line < text_.size();) {
      const std::size_t begin = skip_white(line);
      line = next_line(read_assignment(begin));
    }
    return std::move(view_);
  }

 private:
  std::size_t skip_white(std::size_t at) const {
    while (at < text_.size()) {
      const CodePoint c = code_point_at(text_, at);
      if (!is_white(c.value)) break;
      at += c.length;
    }
    return at;
  }

  // `at` itself when a line begins there.
  std::size_t next_line(std::size_t at) const {
    if (at > 0 && at < text_.size() && text_[at - 1] == '\n') return at;
    const std::size_t end = text_.find('\n', at);
    return end == std::string::npos ? text_.size() : end + 1;
  }

  std::size_t name_end(std::size_t at) const {
    while (at < text_.size() && is_name_character(text_[at])) ++at;
    return at;
  }

  // Where the value begins behind the name: after "=", or after ":" and a blank.
  std::optional<std::size_t> value_begin(std::size_t at) const {
    const std::size_t equals = skip_white(at);
    if (equals < text_.size() && text_[equals] == '=') return equals + 1;
    if (at + 1 >= text_.size() || text_[at] != ':') return std::nullopt;
    const CodePoint blank = code_point_at(text_, at + 1);
    if (!is_white(blank.value)) return std::nullopt;
    return at + 1 + blank.length;
  }

  // Returns: where the match ends; where the name began when there is none.
  std::size_t read_assignment(std::size_t begin) {
    constexpr std::string_view kExport = "export";
    if (text_.compare(begin, kExport.size(), kExport) == 0) {
      const std::size_t exported = skip_white(begin + kExport.size());
      if (exported > begin + kExport.size())
        if (const auto end = read_named(exported)) return *end;
    }
    return read_named(begin).value_or(begin + 1);
  }

  std::optional<std::size_t> read_named(std::size_t begin) {
    const std::size_t end = name_end(begin);
    if (end == begin) return std::nullopt;
    const auto value = value_begin(end);
    if (!value) return std::nullopt;
    return read_value(text_.substr(begin, end - begin), *value);
  }

  std::size_t read_value(std::string name, std::size_t at) {
    const std::size_t open = skip_white(at);
    const char quote = open < text_.size() ? text_[open] : '\0';
    if (quote == '\'' || quote == '"' || quote == '`')
      if (const auto end = quoted_end(open)) {
        store(std::move(name), at, *end);
        return tail(*end).value();
      }
    const std::size_t end = std::min(text_.find_first_of("#\n", at), text_.size());
    store(std::move(name), at, end);
    return tail(end).value_or(end);
  }

  // Behind the closing quote; nothing when no quote is followed by the end of the statement. Those
  // behind backslashes are tried when the first plain one is not, from the last to the first.
  std::optional<std::size_t> quoted_end(std::size_t open) const {
    const auto close = closing_quote(text_, open);
    if (!close) return std::nullopt;
    const char quote = text_[open];
    for (std::size_t at = *close; at > open; --at) {
      const bool candidate = text_[at] == quote && (at == *close || text_[at - 1] == '\\');
      if (candidate && tail(at + 1)) return at + 1;
    }
    return std::nullopt;
  }

  // White space and a comment up to the end of a line. Returns: where it ends.
  std::optional<std::size_t> tail(std::size_t at) const {
    const std::size_t end = skip_white(at);
    if (end == text_.size()) return end;
    if (text_[end] == '#') return std::min(text_.find('\n', end), text_.size());
    for (std::size_t last = end; last > at; --last)
      if (text_[last - 1] == '\n') return last - 1;
    return std::nullopt;
  }

  void store(std::string name, std::size_t begin, std::size_t end) {
    std::string_view value = trimmed(std::string_view(text_).substr(begin, end - begin));
    const char first = value.empty() ? '\0' : value.front();
    const bool quoted = value.size() >= 2 && first == value.back() &&
                        (first == '\'' || first == '"' || first == '`');
    if (quoted) value = value.substr(1, value.size() - 2);
    std::string text(value);
    if (first == '"') text = replace_all(replace_all(std::move(text), "\\n", "\n"), "\\r", "\r");
    view_.values.insert_or_assign(std::move(name), std::move(text));
  }

  std::string text_;
  ReaderView view_;
};

}  // namespace

ReaderView read_as_npm(std::string_view text) {
  return Scanner(decoded(text)).run();
}

}  // namespace exai::config
