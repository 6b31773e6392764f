#include "core/config/lint/between_options.hpp"

#include <algorithm>
#include <map>

#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

using Overlay = std::map<std::string, const Member*, std::less<>>;

std::optional<std::string> scalar(const Node& node) {
  if (node.string() != nullptr) return *node.string();
  if (node.integer() != nullptr) return std::to_string(*node.integer());
  if (node.boolean() != nullptr) return *node.boolean() ? "true" : "false";
  return std::nullopt;
}

// The variables of the stack, or of one service.
class View {
 public:
  View(const Resolved& resolved, Overlay overlay)
      : resolved_(resolved), overlay_(std::move(overlay)) {}

  OptionValue value(std::string_view name) const {
    if (const auto own = overlay_.find(name); own != overlay_.end())
      if (auto text = scalar(own->second->value))
        return {*std::move(text), OptionValue::From::given};
    const auto found = resolved_.variables.find(std::string(name));
    if (found == resolved_.variables.end())
      return resolved_.names.secrets.contains(name) ? OptionValue{"", OptionValue::From::generated}
                                                    : OptionValue{};
    const bool preset = found->second.origins.front().layer == "default";
    return {found->second.value,
            preset ? OptionValue::From::default_value : OptionValue::From::given};
  }

  Span place(std::string_view name) const {
    if (const auto own = overlay_.find(name); own != overlay_.end()) return own->second->value.span;
    const auto found = resolved_.variables.find(std::string(name));
    return found == resolved_.variables.end() ? Span{} : found->second.origins.front().span;
  }

  std::string where(std::string_view name) const {
    const auto found = resolved_.variables.find(std::string(name));
    if (overlay_.contains(name) || found == resolved_.variables.end()) return "";
    const Origin& origin = found->second.origins.front();
    return origin.layer == "default" ? "" : from_where(origin);
  }

 private:
  const Resolved& resolved_;
  Overlay overlay_;
};

std::vector<BrokenRule> broken_in(const LintSubject& subject, const View& view) {
  return broken_rules(subject.options, subject.resolved.environment,
                      [&](std::string_view name) { return view.value(name); });
}

void report(const BrokenRule& broken, const View& view, Findings& findings) {
  Diagnostic& one = findings.add(broken.code, view.place(broken.option),
                                 broken.message + view.where(broken.option), broken.help);
  one.subject = broken.option;
  for (const std::string& other : broken.others)
    if (const Span place = view.place(other))
      one.related.push_back({place, fmt::format("{} is set here", other)});
}

Overlay overlay_of(const Node& service, const OptionTable& options) {
  Overlay overlay;
  for (const Member& variable : members(service, "env"))
    if (const Option* option = options.find(variable.key)) overlay[option->name] = &variable;
  return overlay;
}

// What an MCP client gives to the bridge that it starts: options, too.
std::vector<Overlay> overlays_of(const ClientConfig& client, const OptionTable& options) {
  std::vector<Overlay> overlays;
  for (const std::string_view key : {"mcpServers", "servers"})
    for (const Member& server : members(client.root, key))
      if (Overlay overlay = overlay_of(server.value, options); !overlay.empty())
        overlays.push_back(std::move(overlay));
  return overlays;
}

}  // namespace

void report_broken_rules(const LintSubject& subject, std::string_view family, Findings& findings) {
  if (subject.resolved.tree.table() == nullptr) return;
  const View stack(subject.resolved, {});
  const std::vector<BrokenRule> everywhere = broken_in(subject, stack);
  const auto is_known = [&](const BrokenRule& broken) {
    return std::any_of(everywhere.begin(), everywhere.end(),
                       [&](const BrokenRule& other) { return other.message == broken.message; });
  };
  for (const BrokenRule& broken : everywhere)
    if (broken.code.starts_with(family)) report(broken, stack, findings);
  std::vector<Overlay> overlays;
  for (const Member& service : services(subject.resolved.tree))
    if (is_exaid(service.value)) overlays.push_back(overlay_of(service.value, subject.options));
  for (const ClientConfig& client : subject.project.clients)
    for (Overlay& overlay : overlays_of(client, subject.options))
      overlays.push_back(std::move(overlay));
  for (Overlay& overlay : overlays) {
    const View own(subject.resolved, std::move(overlay));
    for (const BrokenRule& broken : broken_in(subject, own))
      if (broken.code.starts_with(family) && !is_known(broken)) report(broken, own, findings);
  }
}

bool is_exaid(const Node& service) {
  const std::vector<std::string> command = texts(service.find("process"));
  return !command.empty() && Path(command.front()).filename() == "exaid";
}

std::string from_where(const Origin& origin) {
  return origin.span ? "" : fmt::format(" (from the {})", origin.layer);
}

std::optional<ByteRange> bytes_of(const Span& span) {
  if (!span) return std::nullopt;
  const auto begin = offset_of(*span.source, span.begin);
  const auto end = offset_of(*span.source, span.end);
  if (!begin || !end || *end < *begin) return std::nullopt;
  return ByteRange{*begin, *end};
}

}  // namespace exai::config
