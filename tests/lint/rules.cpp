#include <algorithm>
#include <cctype>

#include "tests/lint/lint.hpp"

namespace exai::lint {

// Adding a rule: its function in one of the files beside this one, and a line here.
const std::vector<Rule>& rules() {
  static const std::vector<Rule> table = {
      {"L1", "includes follow the layers; each third-party library has its owners", check_includes},
      {"L2",
       "co_await statements hold only names, moves and calls; Asio's types are the loop's own",
       check_coroutines},
      {"L3", "files and functions stay small", check_sizes},
      {"L4", "text ends in a newline, without tabs, CRLF, trailing blanks", check_whitespace},
      {"L5", "notes are TODO(topic): reason", check_notes},
      {"L6", "no call that starts programs, waits or reads the environment behind base's back",
       check_calls},
      {"L7", "no path of one machine, no host of a package registry", check_places},
      {"L8", "no secret", check_secrets},
  };
  return table;
}

namespace {

// Ends of the literal or comment that starts at `at`, and whether its text is kept (quotes stay).
std::size_t end_of_raw_string(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
  const std::size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_of_quoted(std::string_view text, std::size_t quote) {
  std::size_t at = quote + 1;
  while (at < text.size() && text[at] != text[quote] && text[at] != '\n')
    at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

std::size_t end_of_comment(std::string_view text, std::size_t at) {
  if (text[at + 1] == '/') return std::min(text.find('\n', at), text.size());
  const std::size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

// The end of the literal or comment at `at`; `at` itself when none starts there.
std::size_t end_of_blanked(std::string_view text, std::size_t at) {
  const char before = at == 0 ? ' ' : text[at - 1];
  if (text[at] == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*'))
    return end_of_comment(text, at);
  if (text[at] == '"') return before == 'R' ? end_of_raw_string(text, at) : end_of_quoted(text, at);
  if (text[at] == '\'' && !is_word(before)) return end_of_quoted(text, at);  // not 1'000
  return at;
}

std::string code_of(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_blanked(text, at);
    // The paths of #include "…" are read from the text; here they vanish like any literal.
    for (std::size_t i = at; i < end; ++i)
      if (code[i] != '\n') code[i] = ' ';
    at = std::max(end, at + 1);
  }
  return code;
}

}  // namespace

File make_file(std::string path, std::string text) {
  File file{.path = std::move(path), .text = std::move(text), .code = {}};
  if (is_cpp(file)) file.code = code_of(file.text);
  return file;
}

std::vector<Finding> check(const File& file) {
  std::vector<Finding> findings;
  for (const Rule& rule : rules()) {
    const auto report = [&](std::size_t offset, Level level, std::string message) {
      const auto end = file.text.begin() + static_cast<std::ptrdiff_t>(offset);
      const auto line = 1 + std::count(file.text.begin(), end, '\n');
      findings.push_back({.path = file.path,
                          .line = static_cast<std::size_t>(line),
                          .rule = std::string(rule.code),
                          .level = level,
                          .message = std::move(message)});
    };
    rule.check(file, report);
  }
  return findings;
}

std::string render(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": " +
         (finding.level == Level::error ? "error[" : "warning[") + finding.rule +
         "]: " + finding.message;
}

bool is_header(const File& file) {
  return file.path.ends_with(".hpp");
}
bool is_cpp(const File& file) {
  return is_header(file) || file.path.ends_with(".cpp");
}
bool is_product(const File& file) {
  return starts_with_any(file.path, {"core/", "supervisor/", "daemon/", "cli/"});
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::optional<std::size_t> find_word(std::string_view code, std::string_view word,
                                     std::size_t from) {
  for (std::size_t at = code.find(word, from); at != std::string_view::npos;
       at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !is_word(code[at - 1]);
    const bool ends = end == code.size() || !is_word(code[end]);
    if (starts && ends) return at;
  }
  return std::nullopt;
}

std::size_t matching_close(std::string_view code, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < code.size(); ++at) {
    if (std::string_view("([{").find(code[at]) != std::string_view::npos) ++depth;
    if (std::string_view(")]}").find(code[at]) != std::string_view::npos && --depth == 0) return at;
  }
  return code.size();
}

std::optional<std::size_t> matching_open(std::string_view code, std::size_t close) {
  int depth = 0;
  for (std::size_t at = close + 1; at-- > 0;) {
    if (std::string_view(")]}").find(code[at]) != std::string_view::npos) ++depth;
    if (std::string_view("([{").find(code[at]) != std::string_view::npos && --depth == 0) return at;
  }
  return std::nullopt;
}

}  // namespace exai::lint
