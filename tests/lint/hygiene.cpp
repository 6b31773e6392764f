// L4 to L8: whitespace, notes, forbidden calls, places of one machine, secrets. What is forbidden
// is spelt in two pieces here, so that this file does not find itself.

#include <algorithm>
#include <array>

#include "tests/lint/lint.hpp"

namespace exai::lint {
namespace {

constexpr auto npos = std::string_view::npos;

// f(line, offset of the line) for each line, without its newline.
template <class F>
void for_each_line(std::string_view text, F f) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    f(text.substr(begin, end - begin), begin);
    begin = end + 1;
  }
}

bool is_generated(const File& file) {
  return file.path.ends_with("package-lock.json");
}

// Test data keeps its bytes.
bool is_data(const File& file) {
  return file.path.find("/corpus/") != std::string::npos ||
         file.path.find("/data/") != std::string::npos || file.path.ends_with(".transcript");
}

}  // namespace

void check_whitespace(const File& file, const Report& report) {
  if (is_generated(file) || is_data(file) || file.text.empty()) return;
  if (!file.text.ends_with('\n')) report(file.text.size(), Level::error, "no newline at the end");
  if (file.text.ends_with("\n\n"))
    report(file.text.size() - 1, Level::error, "an empty line at the end");
  const bool tabs_allowed = file.path.ends_with("Makefile");
  for_each_line(file.text, [&](std::string_view line, std::size_t at) {
    if (line.ends_with('\r')) {
      report(at, Level::error, "CRLF");
      return;
    }
    if (line.ends_with(' ') || line.ends_with('\t')) report(at, Level::error, "trailing blank");
    if (!tabs_allowed && line.find('\t') != npos) report(at, Level::error, "a tab");
  });
}

void check_notes(const File& file, const Report& report) {
  static const std::array<std::string, 3> kOthers = {
      std::string("FIX") + "ME", std::string("XX") + "X", std::string("HA") + "CK"};
  static const std::string kNote = std::string("TO") + "DO";
  if (!is_cpp(file) && !file.path.ends_with(".sh") && !file.path.ends_with(".txt") &&
      !file.path.ends_with(".mjs"))
    return;
  if (file.path.starts_with("tests/lint/")) return;
  for (auto at = find_word(file.text, kNote); at; at = find_word(file.text, kNote, *at + 1))
    if (file.text.compare(*at + kNote.size(), 1, "(") != 0)
      report(*at, Level::error, "write " + kNote + "(topic): and the reason");
  for (const std::string& word : kOthers)
    if (const auto at = find_word(file.text, word))
      report(*at, Level::error, word + ": write " + kNote + "(topic): and the reason");
}

void check_calls(const File& file, const Report& report) {
  struct Forbidden {
    std::string_view function;
    std::string_view instead;
    std::vector<std::string_view> allowed;
  };
  static const std::vector<Forbidden> kTable = {
      {"system", "base/spawn", {}},
      {"popen", "base/spawn", {}},
      {"fork", "base/spawn", {}},
      {"vfork", "base/spawn", {}},
      {"wait", "a pidfd", {}},
      {"waitpid", "waitid on a pidfd", {"core/base/spawn."}},
      {"getenv", "current_environment()", {"core/base/os"}},
      {"setenv", "an Environment", {"core/base/os"}},
      {"putenv", "an Environment", {"core/base/os"}},
      {"sleep", "a Clock", {}},
      {"usleep", "a Clock", {}},
      {"exit", "a return from main", {}},
  };
  if (!is_product(file) || !is_cpp(file)) return;
  const std::string_view code = file.code;
  for (const Forbidden& forbidden : kTable) {
    if (starts_with_any(file.path, forbidden.allowed)) continue;
    for (auto at = find_word(code, forbidden.function); at;
         at = find_word(code, forbidden.function, *at + 1)) {
      const std::size_t after = *at + forbidden.function.size();
      if (after >= code.size() || code[after] != '(') continue;
      // A member (x.wait(), x->wait()), another namespace's (asio::…) or a declaration is not it.
      const std::string_view before = code.substr(0, *at);
      const bool global =
          before.ends_with("::") && (before.size() < 3 || !is_word(before[before.size() - 3]));
      const bool standard = before.ends_with("std::");
      const std::size_t last = before.find_last_not_of(' ');
      const bool declared = last != npos && last + 1 < before.size() && is_word(before[last]) &&
                            !before.substr(0, last + 1).ends_with("return") &&
                            !before.substr(0, last + 1).ends_with("else");
      const bool qualified = before.ends_with('.') || before.ends_with("->") ||
                             (before.ends_with("::") && !global && !standard);
      const bool after_type =
          before.ends_with("> ") || before.ends_with("& ") || before.ends_with("* ");
      if (qualified || declared || after_type) continue;
      report(*at, Level::error,
             std::string(forbidden.function) + "(): use " + std::string(forbidden.instead));
    }
  }
}

void check_places(const File& file, const Report& report) {
  static const std::array<std::string, 4> kPlaces = {
      std::string("/wo") + "rk/", std::string("registry.np") + "mjs.org",
      std::string("registry.ya") + "rnpkg.com", std::string("\"reso") + "lved\":"};
  for (const std::string& place : kPlaces)
    for (std::size_t at = file.text.find(place); at != std::string::npos;
         at = file.text.find(place, at + 1))
      report(at, Level::error, "\"" + place + "\" is a place of one machine");
}

namespace {

// A line NAME=value whose name promises a secret and whose value is one.
bool assigns_secret(std::string_view line) {
  if (line.starts_with('#')) return false;
  const std::size_t equals = line.find('=');
  if (equals == npos) return false;
  std::string_view name = line.substr(0, equals);
  while (name.ends_with(' ')) name.remove_suffix(1);
  static constexpr std::array<std::string_view, 4> kEndings = {"_KEY", "_TOKEN", "PASSWORD",
                                                               "_SECRET"};
  const bool secret = std::any_of(kEndings.begin(), kEndings.end(),
                                  [&](std::string_view end) { return name.ends_with(end); });
  const std::size_t value = line.find_first_not_of(" \"'", equals + 1);
  return secret && value != npos && line[value] != '#' && line[value] != '$';
}

}  // namespace

void check_secrets(const File& file, const Report& report) {
  // What a key starts with, and how many letters and digits must follow for it to be one.
  static const std::array<std::pair<std::string, std::size_t>, 5> kMarks = {{
      {std::string("PRIVATE K") + "EY-----", 0},
      {std::string("AK") + "IA", 16},
      {std::string("gh") + "p_", 20},
      {std::string("github_p") + "at_", 20},
      {std::string("sk") + "-", 32},
  }};
  if (is_generated(file)) return;
  for (const auto& [mark, letters] : kMarks)
    for (std::size_t at = file.text.find(mark); at != std::string::npos;
         at = file.text.find(mark, at + 1)) {
      const std::string_view rest = std::string_view(file.text).substr(at + mark.size());
      const auto end = std::find_if_not(rest.begin(), rest.end(), is_word);
      if (static_cast<std::size_t>(end - rest.begin()) >= letters)
        report(at, Level::error, "this looks like a key: \"" + mark + "…\"");
    }
  const bool env_file = file.path.ends_with(".env") || file.path.ends_with(".env.example");
  if (!env_file || file.path.starts_with("tests/")) return;
  for_each_line(file.text, [&](std::string_view line, std::size_t at) {
    if (assigns_secret(line)) report(at, Level::error, "a tracked file gives a secret its value");
  });
}

}  // namespace exai::lint
