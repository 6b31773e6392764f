#pragma once
// The project's own rules over its own text: what neither compiler nor clang-tidy 14 checks.
// Pure: a file in, findings out. The walk over the tree is in main.cpp, the rules are one table in
// rules.cpp. Depends on nothing but the standard library, so that it builds in seconds.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exai::lint {

enum class Level { error, warning };

struct Finding {
  std::string path;
  std::size_t line = 0;  // 1 is the first; 0: the file as a whole
  std::string rule;      // "L2"
  Level level = Level::error;
  std::string message;

  friend bool operator==(const Finding&, const Finding&) = default;
};

// "core/base/os.cpp:12: error[L6]: …"
std::string render(const Finding& finding);

struct File {
  std::string path;  // from the top of the tree, with slashes
  std::string text;
  std::string code;  // C++ only: text with comments and literals blanked, same length, same lines
};
File make_file(std::string path, std::string text);

// Where a rule reports to.
using Report = std::function<void(std::size_t offset, Level level, std::string message)>;

struct Rule {
  std::string_view code;
  std::string_view says;
  void (*check)(const File&, const Report&);
};
const std::vector<Rule>& rules();

std::vector<Finding> check(const File& file);

// --- shared by the rules ---

bool is_cpp(const File& file);
bool is_header(const File& file);
bool is_product(const File& file);  // core, supervisor, daemon, cli
bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes);
bool is_word(char c);  // may be inside an identifier
// The next place where `word` stands alone, at or after `from`.
std::optional<std::size_t> find_word(std::string_view code, std::string_view word,
                                     std::size_t from = 0);
// The bracket that closes the one at `open`, or the end of the text.
std::size_t matching_close(std::string_view code, std::size_t open);
std::optional<std::size_t> matching_open(std::string_view code, std::size_t close);

// --- the rules, by file ---

void check_includes(const File& file, const Report& report);    // layering.cpp
void check_coroutines(const File& file, const Report& report);  // coroutines.cpp
void check_sizes(const File& file, const Report& report);       // sizes.cpp
void check_whitespace(const File& file, const Report& report);  // hygiene.cpp
void check_notes(const File& file, const Report& report);
void check_calls(const File& file, const Report& report);
void check_places(const File& file, const Report& report);
void check_secrets(const File& file, const Report& report);

}  // namespace exai::lint
