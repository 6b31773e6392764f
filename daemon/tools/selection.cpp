#include "daemon/tools/selection.hpp"

#include <fmt/format.h>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::tools {
namespace {

bool is_in_profile(Tier tier, std::string_view profile) {
  if (profile == "full") return true;
  if (profile == "lean") return tier == Tier::essential || tier == Tier::core;
  return tier != Tier::hidden;
}

}  // namespace

std::string reason_off(const Definition& tool, const Selection& selection, Supervised supervised) {
  if (tool.scope != Scope::none && supervised == Supervised::no)
    return "it works only where exai runs this daemon: exai up";
  if (tool.scope > selection.operations)
    return fmt::format("set EXAI_OPERATIONS_SCOPE to {} to allow it",
                       tool.scope == Scope::change ? "change" : "read");
  if (contains(selection.disabled, tool.info.name)) return "DISABLED_TOOLS names it";
  if (!selection.enabled.empty())
    return contains(selection.enabled, tool.info.name) ? "" : "ENABLED_TOOLS does not name it";
  if (is_in_profile(tool.tier, selection.profile)) return "";
  return fmt::format("TOOL_PROFILE {} leaves it out", selection.profile);
}

std::vector<UnknownTool> unknown_tools(const Selection& selection) {
  if (selection.enabled.empty() && selection.disabled.empty()) return {};
  std::vector<std::string> names;
  for (const Definition& tool : read_definitions()) names.push_back(tool.info.name);
  std::vector<UnknownTool> unknown;
  const auto look_at = [&](const char* option, const std::vector<std::string>& given) {
    for (const std::string& name : given)
      if (!contains(names, name))
        unknown.push_back({option, name, closest(name, names).value_or("")});
  };
  look_at("ENABLED_TOOLS", selection.enabled);
  look_at("DISABLED_TOOLS", selection.disabled);
  return unknown;
}

}  // namespace exai::tools
