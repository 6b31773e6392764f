// L2. gcc 12 destroys some temporaries of a full expression with co_await twice: braced aggregates,
// capturing lambdas, init-lists, the branches of a ternary. Also here: what outlives its caller.

#include <algorithm>
#include <array>

#include "tests/lint/lint.hpp"

namespace exai::lint {
namespace {

constexpr auto npos = std::string_view::npos;

// The last character before `at` that is no blank; its index.
std::size_t previous(std::string_view code, std::size_t at) {
  const std::size_t found = at == 0 ? npos : code.find_last_not_of(" \n\t", at - 1);
  return found == npos ? 0 : found;
}

std::string_view word_ending_at(std::string_view code, std::size_t last) {
  std::size_t begin = last + 1;
  while (begin > 0 && is_word(code[begin - 1])) --begin;
  return code.substr(begin, last + 1 - begin);
}

// Does this brace open a block of statements, and not a value?
bool opens_block(std::string_view code, std::size_t brace) {
  const std::size_t last = previous(code, brace);
  if (std::string_view(");{}>:").find(code[last]) != npos) return true;
  static constexpr std::array<std::string_view, 8> kBefore = {
      "else", "do", "try", "const", "noexcept", "mutable", "override", "final"};
  return std::find(kBefore.begin(), kBefore.end(), word_ending_at(code, last)) != kBefore.end();
}

std::size_t statement_begin(std::string_view code, std::size_t at) {
  while (at > 0) {
    --at;
    if (code[at] == ';' || code[at] == '}') return at + 1;
    if (code[at] == '{' && opens_block(code, at)) return at + 1;
  }
  return 0;
}

// At the semicolon, or at the brace that opens the block of an if, while or for.
std::size_t statement_end(std::string_view code, std::size_t begin, std::size_t at) {
  for (std::size_t i = begin; i < code.size(); ++i) {
    if (code[i] == ';' && i > at) return i;
    if (code[i] == '(' || code[i] == '[') {
      const std::size_t close = matching_close(code, i);
      if (close > at && i > at) i = close;
    } else if (code[i] == '{' && i > at) {
      if (opens_block(code, i)) return i;
      i = matching_close(code, i);
    }
  }
  return code.size();
}

// A '[' that starts a lambda: not a subscript, not an attribute.
bool opens_lambda(std::string_view code, std::size_t at) {
  if (code[at] != '[' || code.substr(at, 2) == "[[") return false;
  const char before = code[previous(code, at)];
  if (before == '[') return false;
  return !is_word(before) && before != ')' && before != ']';
}

bool captures(std::string_view code, std::size_t bracket) {
  const std::size_t next = code.find_first_not_of(" \n", bracket + 1);
  return next != npos && code[next] != ']';
}

void check_statement(std::string_view code, std::size_t at, const Report& report) {
  const std::size_t begin = statement_begin(code, at);
  const std::size_t end = statement_end(code, begin, at);
  for (std::size_t i = begin; i < end; ++i) {
    std::string_view what;
    if (code[i] == '{') what = "braces";
    if (code[i] == '?') what = "a ternary";
    if (opens_lambda(code, i)) {
      if (captures(code, i))
        what = "a lambda with captures";
      else
        i = matching_close(code, std::min(code.find('{', i), end));  // holds nothing
    }
    if (what.empty()) continue;
    report(at, Level::error,
           "a statement with co_await holds " + std::string(what) +
               ": name the value on the line before (gcc 12 destroys it twice)");
    return;
  }
  const std::size_t first = code.find_first_not_of(" \n", begin);
  const std::string_view statement = code.substr(first, end - first);
  if (statement.starts_with("auto [") || statement.starts_with("const auto [") ||
      statement.starts_with("auto&& ["))
    report(at, Level::error, "a structured binding directly on co_await: bind a name first");
}

// Parameters of a coroutine that dangle when it outlives the full expression of its caller.
void check_parameters(std::string_view code, std::size_t open, const Report& report) {
  const std::string_view parameters = code.substr(open, matching_close(code, open) - open);
  for (const std::string_view bad : {"string_view", "span"})
    if (find_word(parameters, bad))
      report(open, Level::error, "a coroutine takes a " + std::string(bad) + ": pass the value");
  if (parameters.find("&&") != npos)
    report(open, Level::error, "a coroutine takes an rvalue reference: pass the value");
  for (std::size_t at = parameters.find("const std::"); at != npos;
       at = parameters.find("const std::", at + 1)) {
    const std::size_t end = std::min(parameters.find(',', at), parameters.size());
    if (parameters.substr(at, end - at).find('&') != npos)
      report(open, Level::error, "a coroutine takes a reference to a value: pass the value");
  }
}

// `Task<…> name(` and `asio::awaitable<…> name(`: declarations and definitions.
void check_declarations(std::string_view code, std::string_view type, const Report& report) {
  for (auto at = find_word(code, type); at; at = find_word(code, type, *at + 1)) {
    std::size_t end = *at + type.size();
    if (end >= code.size() || code[end] != '<') continue;
    for (int depth = 0; end < code.size(); ++end) {
      if (code[end] == '<') ++depth;
      if (code[end] == '>' && --depth == 0) break;
    }
    std::size_t name = code.find_first_not_of(" \n", end + 1);
    const std::size_t name_begin = name;
    while (name != npos && name < code.size() && (is_word(code[name]) || code[name] == ':')) ++name;
    if (name != name_begin && name != npos && name < code.size() && code[name] == '(')
      check_parameters(code, name, report);
  }
}

// `[x](…) -> Task<…>`: the captures die with the lambda, the coroutine lives on.
void check_lambdas(std::string_view code, const Report& report) {
  for (std::size_t arrow = code.find("-> "); arrow != npos; arrow = code.find("-> ", arrow + 1)) {
    const std::string_view type = code.substr(arrow + 3, 20);
    if (!starts_with_any(type, {"Task<", "asio::awaitable<", "exai::Task<"})) continue;
    std::size_t close = previous(code, arrow);
    if (word_ending_at(code, close) == "mutable") close = previous(code, close - 6);
    if (code[close] != ')') continue;
    const auto open = matching_open(code, close);
    if (!open) continue;
    const std::size_t bracket = previous(code, *open);
    if (code[bracket] != ']') continue;
    const auto lambda = matching_open(code, bracket);
    if (lambda && captures(code, *lambda))
      report(*lambda, Level::error, "a coroutine lambda with captures: write a named function");
  }
}

// What Asio offers by default asks its executor by virtual calls; ours know the loop.
void check_executors(const File& file, const Report& report) {
  struct Erased {
    std::string_view name;
    std::string_view instead;
  };
  static constexpr Erased kTable[] = {{"any_io_executor", "Executor"},
                                      {"steady_timer", "Timer"},
                                      {"stream_descriptor", "Descriptor"},
                                      {"use_awaitable", "kAwait or kAsTuple"}};
  if (!is_product(file) || file.path == "core/base/loop.hpp") return;
  for (const Erased& erased : kTable)
    if (const auto at = find_word(file.code, erased.name))
      report(*at, Level::error,
             std::string(erased.name) + ": use " + std::string(erased.instead) +
                 " of core/base/loop.hpp, which calls the loop directly");
}

}  // namespace

void check_coroutines(const File& file, const Report& report) {
  if (!is_cpp(file)) return;
  const std::string_view code = file.code;
  for (auto at = find_word(code, "co_await"); at; at = find_word(code, "co_await", *at + 1))
    check_statement(code, *at, report);
  if (const auto at = find_word(code, "detached"))
    report(*at, Level::error, "asio::detached: spawn through a TaskGroup");
  check_declarations(code, "Task", report);
  check_declarations(code, "awaitable", report);
  check_lambdas(code, report);
  check_executors(file, report);
}

}  // namespace exai::lint
