#pragma once
// Regular expressions of JSON Schema's `pattern` and `patternProperties`: what ECMA-262 writes, as
// an automaton. A match takes time linear in the text whatever the pattern (no backtracking), and
// neither compiling nor matching recurses deeper than groups are nested.
//
//   pattern = branch *("|" branch)      branch = *(assertion / atom [count])
//   assertion = "^" / "$" / "\b" / "\B"          count = "*" / "+" / "?" / "{n}" / "{n,}" / "{n,m}"
//   atom = character / "." / "[…]" / "(…)" / "(?:…)" / "(?<name>…)"
//        / \d \D \w \W \s \S / \t \n \v \f \r \0 \cX \xHH \uHHHH \u{H…} / "\" punctuation
//
// A "?" behind a count changes nothing: only whether something is found is asked. Looking around
// and back references cannot be matched in linear time; they and \p{…} are refused when the pattern
// is compiled. Characters are code points. Limits: 2000 instructions, groups nested 50 deep.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace exai::config {

class Regex {
 public:
  // Errors: invalid, with what is wrong in the pattern.
  static Result<Regex> compile(std::string_view pattern);

  // Is it anywhere in the text?
  bool finds(std::string_view text) const;

 private:
  friend class RegexCompiler;
  friend class RegexRun;

  struct Range {
    char32_t first = 0;
    char32_t last = 0;
  };
  using Set = std::vector<Range>;  // sorted, without overlaps

  enum class Op : std::uint8_t { literal, set, split, jump, begin, end, word_edge, no_word_edge };
  // Jumps are relative: a piece of program can be repeated by copying it.
  struct Step {
    Op op;
    std::int32_t argument = 0;     // code point, number of the set, or first target
    std::int32_t alternative = 0;  // second target of a split
  };

  std::vector<Step> program_;  // its end means: found
  std::vector<Set> sets_;
};

}  // namespace exai::config
