#pragma once
// References to variables inside a text, by the operators of Docker Compose: one implementation for
// dotenv files, the stack file and rendered templates.
//
//   $NAME  ${NAME}       the value; nothing, and noted in `unset`, when there is none
//   ${NAME:-other}  ${NAME-other}    other when unset (with the colon: or empty)
//   ${NAME:+other}  ${NAME+other}    other when set   (with the colon: and not empty)
//   ${NAME:?text}   ${NAME?text}     a fault that says text when unset (with the colon: or empty)
//   $$                   one dollar
//
// `other` and `text` may hold references and balanced braces, no newline. They are only expanded
// when they are used. A dollar before anything else is itself. Linear in the text: nesting is
// limited.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exai::config {

using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// A reference to a name without a value: bytes [begin, end) of the text.
struct UnsetReference {
  std::string name;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A reference as it is written, the ones inside of others' braces too.
struct TextReference {
  std::string name;
  std::string action;   // "", ":-", "-", ":+", "+", ":?", "?"
  bool nested = false;  // inside another one's braces
  bool used = true;     // false: inside an alternative that is not taken, which is not expanded
  std::optional<std::string> value;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct InterpolationFault {
  enum class Kind { syntax, required } kind = Kind::syntax;
  std::string message;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Interpolated {
  std::string text;
  std::vector<UnsetReference> unset;
  std::vector<TextReference> references;    // in the order of the text, as far as it was read
  std::optional<InterpolationFault> fault;  // the first; `text` is then of no use
};

Interpolated expand(std::string_view text, const Lookup& lookup);

}  // namespace exai::config
