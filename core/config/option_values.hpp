#pragma once
// Whether a text is a value that an option takes: the same answer for a layer, for the environment
// and for a program that starts.

#include <optional>
#include <string>
#include <string_view>

#include "core/config/options.hpp"

namespace exai::config {

struct ValueProblem {
  std::string code;  // CFG003, CFG004, CFG005
  std::string message;
  std::string help;
  std::optional<std::string> meant = {};  // the value that was probably meant
};

// An empty text is no value, and always right. The value of a secret is in no message.
std::optional<ValueProblem> check_value(const Option& option, std::string_view text);

// "between 1 and 65535", "at least 1", "" when there is no limit.
std::string describe_range(const Option& option);

}  // namespace exai::config
