// How this daemon is, seen from within, with what to do about each thing that is not well.
#include "core/base/text.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

struct Finding {
  std::string what;
  std::string status;  // pass, warn, fail
  std::string detail;
  std::string todo;  // empty: nothing
};

std::string advice_for(std::string_view component) {
  if (component == "storage") return "look at its service: exai status, exai logs";
  if (component == "memory") return "find what takes it: exai top";
  if (component == "disk") return "free space where the daemon works";
  return "";
}

void look_at_health(Context& context, std::vector<Finding>& findings) {
  const json::object report = context.host.health();
  const json::object* components = find_object(report, "components");
  if (components == nullptr) return;
  for (const auto& component : *components) {
    const json::object* facts = component.value().if_object();
    if (facts == nullptr) continue;
    const std::string name(component.key());
    const std::string status = find_string(*facts, "status").value_or("?");
    findings.push_back({name, status, find_string(*facts, "detail").value_or(""),
                        status == "pass" ? "" : advice_for(name)});
  }
}

void look_at_calls(Context& context, std::vector<Finding>& findings) {
  const auto calls = context.journal->last(100);
  std::size_t failed = 0;
  std::string last;
  for (const JournalEntry& entry : calls) {
    if (entry.error.empty()) continue;
    ++failed;
    last = fmt::format("{}: {}", entry.tool, entry.error);
  }
  const bool many = failed * 2 > calls.size();
  std::string detail = fmt::format("{} of the last {} failed", failed, calls.size());
  if (failed > 0) detail += ", the last one with " + last;
  findings.push_back({"calls", many ? "warn" : "pass", std::move(detail),
                      many ? "toolcall_log_tail shows them" : ""});
}

void look_at_surroundings(Context& context, std::vector<Finding>& findings) {
  const bool any = !context.router.providers().empty();
  findings.push_back({"providers", "pass",
                      count_of(context.router.providers().size(), "provider") + " configured",
                      any ? "" : "chat needs one: listmodels says what to set"});
  const bool supervised = context.host.stack() != nullptr;
  findings.push_back({"supervisor", "pass", supervised ? "exai runs this daemon" : "none runs it",
                      supervised ? "" : "its log and the stack can be seen under exai up"});
}

}  // namespace

Task<mcp::ToolResult> self_check(Context& context, mcp::Call call) {
  std::vector<Finding> findings;
  look_at_health(context, findings);
  std::erase_if(findings, [](const Finding& one) { return one.what == "providers"; });
  look_at_surroundings(context, findings);
  look_at_calls(context, findings);

  mcp::ToolResult result;
  json::array list;
  std::string worst = "pass";
  for (const Finding& one : findings) {
    if (one.status == "fail" || (one.status == "warn" && worst == "pass")) worst = one.status;
    result.text += fmt::format("{:4}  {}: {}", one.status, one.what, one.detail);
    if (!one.todo.empty()) result.text += fmt::format(" ({})", one.todo);
    result.text += "\n";
    list.push_back(json::object{{"check", one.what},
                                {"status", one.status},
                                {"detail", one.detail},
                                {"what_to_do", one.todo}});
  }
  result.structured["status"] = worst;
  result.structured["checks"] = std::move(list);

  const auto lines =
      static_cast<std::size_t>(find_integer(call.arguments, "log_lines").value_or(0));
  Stack* stack = context.host.stack();
  if (lines == 0) co_return result;
  if (stack == nullptr || stack->own_service().empty()) {
    result.structured["log_unseen"] = "nobody keeps the log of this daemon where it could be read";
    result.text += "\nIts log: nobody keeps it where it could be read.\n";
    co_return result;
  }
  std::string own = stack->own_service();
  auto tail = co_await stack->log(std::move(own), lines);
  if (!tail) {
    result.structured["log_unseen"] = tail.error().message();
    result.text += "\nIts log: " + tail.error().message() + "\n";
    co_return result;
  }
  json::array log;
  result.text += "\nIts log:\n";
  for (const LogTail::Line& line : tail->lines) {
    std::string text = context.host.redact(printable(line.text));
    result.text += text + "\n";
    log.emplace_back(text);
  }
  result.structured["log"] = std::move(log);
  co_return result;
}

}  // namespace exai::tools
