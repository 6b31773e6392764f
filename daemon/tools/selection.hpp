#pragma once
// Which tools a daemon offers. Pure. The first that applies:
//
//   an operations tool, and no supervisor or a lesser scope      off
//   in DISABLED_TOOLS                                            off
//   ENABLED_TOOLS is set                                         on if it is in there
//   TOOL_PROFILE                                                 on if its tier is in the profile

#include <string>
#include <vector>

#include "daemon/tools/definition.hpp"

namespace exai::tools {

struct Selection {
  std::string profile = "standard";  // lean, standard, full
  std::vector<std::string> enabled;
  std::vector<std::string> disabled;
  Scope operations = Scope::read;
};

enum class Supervised { no, yes };

// Why the tool is off, with the option to change; empty: it is on.
std::string reason_off(const Definition& tool, const Selection& selection, Supervised supervised);

// A name in one of the two lists that no tool has.
struct UnknownTool {
  std::string option;
  std::string name;
  std::string meant;  // empty: nothing is near

  friend bool operator==(const UnknownTool&, const UnknownTool&) = default;
};
std::vector<UnknownTool> unknown_tools(const Selection& selection);

}  // namespace exai::tools
