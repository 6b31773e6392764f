#include "core/config/dockerfile_expand.hpp"

#include <algorithm>

#include "core/base/ascii.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kLongest = std::size_t{64} << 10U;

// Returns: where to go on.
std::size_t expand_variable(std::string_view word, std::size_t at, const DockerLookup& lookup,
                            std::string& out) {
  const bool braces = at + 1 < word.size() && word[at + 1] == '{';
  std::size_t end = at + (braces ? 2 : 1);
  const std::size_t begin = end;
  while (end < word.size() && continues_identifier(word[end])) ++end;
  if (end == begin) {
    out += word[at];
    return at + 1;
  }
  const auto value = lookup(word.substr(begin, end - begin));
  if (!braces) {
    out += value.value_or("");
    return end;
  }
  const std::size_t close = std::min(word.find('}', end), word.size());
  std::string_view rest = word.substr(end, close - end);
  const bool colon = rest.starts_with(':');
  if (colon) rest.remove_prefix(1);
  const bool set = value && !(colon && value->empty());
  if (rest.starts_with('-'))
    out += set ? *value : std::string(rest.substr(1));
  else if (rest.starts_with('+'))
    out += set ? std::string(rest.substr(1)) : "";
  else
    out += value.value_or("");
  return std::min(close + 1, word.size());
}

}  // namespace

std::string expand_docker_word(std::string_view word, char escape, const DockerLookup& lookup) {
  std::string out;
  char quote = '\0';
  for (std::size_t at = 0; at < word.size() && out.size() < kLongest;) {
    const char c = word[at];
    if (c == escape && quote != '\'' && at + 1 < word.size()) {
      const bool kept =
          quote == '"' && word[at + 1] != '"' && word[at + 1] != '$' && word[at + 1] != escape;
      if (kept) out += c;
      out += word[at + 1];
      at += 2;
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
      ++at;
    } else if (c == quote && quote != '\0') {
      quote = '\0';
      ++at;
    } else if (c == '$' && quote != '\'') {
      at = expand_variable(word, at, lookup, out);
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

}  // namespace exai::config
