#pragma once
// The systemd unit of a stack, as text. Pure.

#include <string>

#include "core/config/settings.hpp"

namespace exai::cli {

struct UnitFile {
  config::Stack stack;
  std::string supervisor;  // paths, absolute
  std::string exai;
  std::string state;
  std::string user;  // empty: a unit of the user's own systemd
};

// How long the whole stack may take to stop: along the longest chain of needs, each service's grace
// and what killing its rest takes.
Duration stop_limit(const config::Stack& stack);

// A word in a unit file, quoted where it has to be; % is taken literally, and so is $, which means
// something in a command line only.
enum class Place { command, setting };
std::string unit_word(std::string_view word, Place place = Place::command);

std::string unit_text(const UnitFile& unit);

}  // namespace exai::cli
