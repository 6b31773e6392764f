#pragma once
// A context whose streams are strings, for tests of commands and of what they print.

#include <memory>
#include <string>

#include "cli/context.hpp"

namespace exai::cli::test {

struct Screen {
  std::string out;
  std::string err;
  Context context{{},
                  Stream([this](std::string_view text) { out += text; }),
                  Stream([this](std::string_view text) { err += text; })};

  Screen() = default;
  Screen(const Screen&) = delete;  // the streams point here
};

}  // namespace exai::cli::test
