#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/options.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

using config::Option;
using config::OptionTable;

mcp::ToolResult unknown(const std::string& name) {
  if (const auto* retired = OptionTable::shipped().find_retired(name))
    return failure(fmt::format("config_explain: {} is gone: {}", name, retired->advice));
  std::vector<std::string> names;
  for (const Option& option : OptionTable::shipped().options()) names.push_back(option.name);
  const auto meant = closest(name, names);
  return failure(fmt::format("config_explain: there is no option {}{}", printable(name),
                             meant ? ", did you mean " + *meant + "?" : std::string()));
}

json::object described(const Option& option, const std::string& environment) {
  json::object out{{"name", option.name},
                   {"description", option.description},
                   {"group", option.group},
                   {"secret", option.secret},
                   {"change_applies",
                    option.reload == Option::Reload::live ? "on exai reload" : "on a restart"}};
  if (!option.unit.empty()) out["unit"] = option.unit;
  if (const auto preset = option.default_for(environment)) out["default"] = *preset;
  if (option.minimum) out["minimum"] = *option.minimum;
  if (option.maximum) out["maximum"] = *option.maximum;
  if (!option.choices.empty()) {
    json::array choices;
    for (const std::string& choice : option.choices) choices.push_back(json::value(choice));
    out["choices"] = std::move(choices);
  }
  return out;
}

}  // namespace

Task<mcp::ToolResult> config_explain(Context& context, mcp::Call call) {
  const std::string name = find_string(call.arguments, "name").value_or("");
  const Option* option = OptionTable::shipped().find(name);
  if (option == nullptr) co_return unknown(name);
  json::object out = described(*option, context.host.facts().environment);
  const auto& views = context.host.options();
  const auto view = std::ranges::find(views, option->name, &Host::OptionView::name);
  if (view == views.end()) {
    out["read_by_this_daemon"] = false;
  } else {
    out["read_by_this_daemon"] = true;
    out["value"] = context.host.redact(view->value);
    out["from"] = view->from;
  }
  out["whole_story"] =
      fmt::format("exai config explain {} names every file that has a say", option->name);
  mcp::ToolResult result = report(std::move(out));
  co_return result;
}

}  // namespace exai::tools
