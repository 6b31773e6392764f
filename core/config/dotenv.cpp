#include "core/config/dotenv.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"
#include "core/config/unicode.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxValues = std::size_t{16} << 20U;  // all together, references replaced
constexpr std::size_t kMaxDiagnostics = 100;                // per file: after that nobody reads on

// Blanks inside a line, newlines not among them.
bool is_blank(std::uint32_t c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r' || c == 0x85 || c == 0xA0;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Text that remembers which byte of the file each of its bytes comes from.
struct Traced {
  std::string text;
  std::vector<std::size_t> origins;  // one more than bytes: where it ends

  void add(char c, std::size_t origin) {
    text += c;
    origins.push_back(origin);
  }
};

// The escapes of double quotes. A dollar stays escaped, as "$$", for the expansion that follows.
Traced decode_escapes(const Traced& raw) {
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
  const std::string& text = raw.text;
  Traced out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t origin = raw.origins[i];
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (const std::size_t letter = kLetters.find(next); next != '\0' && letter != kLetters.npos) {
      out.add(kMeanings[letter], origin);
      ++i;
    } else if (next == '$') {
      out.add('$', origin);
      out.add('$', origin);
      ++i;
    } else if (next == '0') {
      const bool octal = i + 4 < text.size() && is_octal(text[i + 2]) && is_octal(text[i + 3]) &&
                         is_octal(text[i + 4]) && text[i + 2] <= '3';
      if (octal) {
        std::string decoded;
        append_utf8(decoded, static_cast<unsigned>((text[i + 2] - '0') * 64 +
                                                   (text[i + 3] - '0') * 8 + (text[i + 4] - '0')));
        for (const char c : decoded) out.add(c, origin);
        i += 4;
      } else {  // the zero is lost
        out.add('\\', origin);
        ++i;
      }
    } else {
      out.add(text[i], origin);
    }
  }
  out.origins.push_back(raw.origins.back());
  return out;
}

class Reader {
 public:
  Reader(const SourcePtr& source, const Lookup& environment, const Lookup& earlier)
      : text_(source->text), places_(source), environment_(environment), earlier_(earlier) {}

  Dotenv run() && {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    while (skip_to_statement()) read_statement();
    return std::move(result_);
  }

 private:
  bool done() const { return at_ >= text_.size(); }

  // Over white space, newlines and comments. Returns: false at the end.
  bool skip_to_statement() {
    while (!done()) {
      const CodePoint c = code_point_at(text_, at_);
      if (c.value == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (is_space(c.value)) {
        if (c.value == '\n') after_quote_ = false;
        at_ += c.length;
      } else {
        return true;
      }
    }
    return false;
  }

  void skip_blanks() {
    while (!done()) {
      const CodePoint c = code_point_at(text_, at_);
      if (!is_blank(c.value)) return;
      at_ += c.length;
    }
  }

  // A fault for which Compose refuses the file.
  void refuse(std::string code, std::string message, std::string help, std::size_t begin,
              std::size_t end) {
    result_.accepted = false;
    report(std::move(code), std::move(message), std::move(help), begin, end);
  }

  void report(std::string code, std::string message, std::string help, std::size_t begin,
              std::size_t end) {
    if (result_.diagnostics.size() >= kMaxDiagnostics) return;
    result_.diagnostics.push_back(
        problem(std::move(code), places_.span(begin, end), std::move(message), std::move(help)));
  }

  void skip_line() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    after_quote_ = false;
  }

  void read_statement() {
    const std::size_t begin = at_;
    drop_export();
    DotenvEntry entry;
    entry.after_quote = after_quote_;
    if (done()) {
      refuse("ENV002", "\"export\" without a name", "write export NAME=value", begin, at_);
      return;
    }
    const std::size_t key_begin = at_;
    const char delimiter = read_key(entry);
    if (delimiter == '!') return keep_faulty(std::move(entry), key_begin);
    if (delimiter == '\n') {
      entry.style = DotenvEntry::Style::inherited;
      entry.value = environment_(entry.key);
      entry.value_begin = entry.value_end = at_;
    } else {
      const std::size_t after_delimiter = at_;
      skip_blanks();
      entry.after_blank = at_ > after_delimiter;
      read_value(entry);
    }
    store(std::move(entry));
  }

  // "export " goes; "export=1" and "exported=1" are names.
  void drop_export() {
    constexpr std::string_view kExport = "export";
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(kExport) || rest.size() == kExport.size()) return;
    const char next = rest[kExport.size()];
    if (next != ' ' && next != '\t' && next != '\n' && next != '\r' && next != '\f') return;
    at_ += kExport.size();
    skip_blanks();
  }

  // Returns: the character that ended the name, which is passed; '\0' at the end of the file (the
  // name is then a value without a name), '!' after a fault, with the line skipped.
  char read_key(DotenvEntry& entry) {
    const std::size_t begin = at_;
    std::size_t name_end = at_;  // without trailing blanks
    for (std::size_t at = at_; at < text_.size();) {
      const CodePoint c = code_point_at(text_, at);
      if (c.value == '=' || c.value == ':' || c.value == '\n') {
        entry.key = text_.substr(begin, name_end - begin);
        entry.key_span = places_.span(begin, name_end);
        at_ = c.value == '\n' ? at : at + 1;
        if (entry.key.find(' ') == std::string::npos) return static_cast<char>(c.value);
        refuse("ENV002", fmt::format("a name cannot contain a space: \"{}\"", printable(entry.key)),
               "names are letters, digits, \"_\", \"-\" and \".\"; comments begin with \"#\"",
               begin, name_end);
        skip_line();
        return '!';
      }
      at += c.length;
      if (is_blank(c.value)) continue;
      const bool allowed = c.value == '_' || c.value == '.' || c.value == '-' || c.value == '[' ||
                           c.value == ']' || is_letter_or_number(c.value);
      if (!allowed) return bad_character(entry, begin, at - c.length, c.length);
      name_end = at;
    }
    entry.key_span = places_.span(begin, begin);
    entry.at_end_of_file = true;
    return '\0';
  }

  char bad_character(DotenvEntry& entry, std::size_t begin, std::size_t at, std::size_t length) {
    const std::string_view character = text_.substr(at, length);
    entry.key = trim(text_.substr(begin, at - begin));
    entry.key_span = places_.span(begin, at);
    std::string help =
        "names are letters, digits, \"_\", \"-\" and \".\"; comments begin with \"#\"";
    if (character == "\"" || character == "'") help = "only values are quoted: NAME=\"value\"";
    refuse("ENV002", fmt::format("{} is not allowed in a name", printable(character)),
           std::move(help), at, at + length);
    skip_line();
    return '!';
  }

  // The rest of a line that cannot be read: nobody knows what of it is a secret.
  void keep_faulty(DotenvEntry entry, std::size_t key_begin) {
    entry.style = DotenvEntry::Style::faulty;
    const std::string_view line = text_.substr(key_begin, at_ - key_begin);
    const std::size_t equals = std::min(line.find('='), line.size());
    entry.value_begin = std::min(key_begin + equals + 1, at_);
    entry.value_end = at_;
    store(std::move(entry));
  }

  void read_value(DotenvEntry& entry) {
    const char first = done() ? '\n' : text_[at_];
    if (first == '"' || first == '\'') return read_quoted(entry, first);
    const std::size_t begin = at_;
    const std::size_t line_end = std::min(text_.find('\n', at_), text_.size());
    std::string_view value = text_.substr(begin, line_end - begin);
    value = value.substr(0, value.find(" #"));
    value = trim_end(value);
    at_ = line_end;
    entry.value_begin = begin;
    entry.value_end = begin + value.size();
    entry.value_span = places_.span(entry.value_begin, entry.value_end);
    expand_value(entry, value, [begin](std::size_t i) { return begin + i; });
  }

  static std::string_view trim_end(std::string_view text) {
    while (!text.empty()) {
      std::size_t last = text.size() - 1;
      while (last > 0 && text.size() - last < 4 &&
             (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U)
        --last;
      const CodePoint c = code_point_at(text, last);
      if (last + c.length != text.size() || !is_space(c.value)) return text;
      text = text.substr(0, last);
    }
    return text;
  }

  void read_quoted(DotenvEntry& entry, char quote) {
    const std::size_t open = at_;
    Traced content;
    std::size_t at = open + 1;
    for (; at < text_.size() && text_[at] != quote; ++at) {
      const bool escape = text_[at] == '\\' && at + 1 < text_.size();
      if (escape && text_[at + 1] != quote) content.add('\\', at);
      if (escape) ++at;
      content.add(text_[at], at);
    }
    if (at >= text_.size()) return unterminated(entry, open, quote);
    content.origins.push_back(at);
    at_ = at + 1;
    after_quote_ = true;
    entry.value_begin = open;
    entry.value_end = at_;
    entry.value_span = places_.span(open, at_);
    if (quote == '\'') {
      entry.style = DotenvEntry::Style::single_quoted;
      entry.value = std::move(content.text);
      return;
    }
    entry.style = DotenvEntry::Style::double_quoted;
    const Traced decoded = decode_escapes(content);
    expand_value(entry, decoded.text, [&](std::size_t i) { return decoded.origins[i]; });
  }

  void unterminated(DotenvEntry& entry, std::size_t open, char quote) {
    refuse("ENV001", fmt::format("this quote is never closed: {}", quote),
           fmt::format("add {} where the value ends", quote), open, open + 1);
    skip_line();
    entry.style = DotenvEntry::Style::faulty;
    entry.value_begin = open;
    entry.value_end = at_;
    // A newline inside was no end of the line: no quote follows, so nothing else is hidden by it.
  }

  // In the value of a secret an unset "$word" is part of the secret, as good as always.
  void report_unset(const DotenvEntry& entry, const UnsetReference& unset, std::size_t begin,
                    std::size_t end) {
    const bool braced = begin + 1 < text_.size() && text_[begin + 1] == '{';
    if (!braced && sounds_secret(entry.key))
      return report("ENV009",
                    fmt::format("${0} is lost from the value of {1}: there is no variable {0}",
                                unset.name, entry.key),
                    "put the value in single quotes", begin, end);
    report("ENV018", fmt::format("{} is not set", unset.name),
           fmt::format("set it above or in an earlier file; write ${{{}:-}} if it may be empty, or "
                       "single quotes if \"$\" is meant",
                       unset.name),
           begin, end);
  }

  template <class Origin>
  void expand_value(DotenvEntry& entry, std::string_view text, const Origin& origin) {
    if (expanded_ > kMaxValues) {
      refuse("ENV003", "the values of this file get longer than 16 MiB",
             "a variable that holds itself twice doubles with every line", origin(0), origin(0));
      entry.style = DotenvEntry::Style::faulty;
      return;
    }
    Interpolated expanded = expand(text, [this](std::string_view name) { return lookup(name); });
    for (const UnsetReference& unset : expanded.unset)
      report_unset(entry, unset, origin(unset.begin), origin(unset.end));
    expanded_ += expanded.text.size();
    if (!expanded.fault) {
      entry.value = std::move(expanded.text);
      return;
    }
    const bool required = expanded.fault->kind == InterpolationFault::Kind::required;
    refuse(required ? "ENV018" : "ENV003", std::move(expanded.fault->message),
           required ? "set it above, in an earlier file or in the environment"
                    : "a plain dollar is written $$, or goes into single quotes",
           origin(expanded.fault->begin), origin(expanded.fault->end));
    entry.style = DotenvEntry::Style::faulty;
  }

  std::optional<std::string> lookup(std::string_view name) const {
    if (auto outer = environment_(name)) return outer;
    if (const auto own = values_.find(name); own != values_.end()) return own->second;
    return earlier_(name);
  }

  void store(DotenvEntry entry) {
    if (entry.value && entry.style != DotenvEntry::Style::inherited)
      values_.insert_or_assign(entry.key, *entry.value);
    result_.entries.push_back(std::move(entry));
  }

  std::string_view text_;
  Places places_;
  const Lookup& environment_;
  const Lookup& earlier_;
  std::size_t at_ = 0;
  bool after_quote_ = false;
  std::size_t expanded_ = 0;
  std::map<std::string, std::string, std::less<>> values_;
  Dotenv result_;
};

}  // namespace

Dotenv parse_dotenv(const SourcePtr& source, const Lookup& environment, const Lookup& earlier) {
  if (source->text.size() > kMaxBytes) {
    const Span start{source, {1, 1}, {1, 1}};
    return {{},
            {problem("ENV015", start, "this file is larger than 1 MiB",
                     "an environment file holds settings, one per line")},
            false};
  }
  return Reader(source, environment, earlier).run();
}

}  // namespace exai::config
