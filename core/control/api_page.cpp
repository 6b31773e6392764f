#include "core/control/api_page.hpp"

#include <algorithm>
#include <vector>

#include "core/base/text.hpp"
#include "core/control/methods.hpp"

namespace exai::control {

namespace {

constexpr std::string_view kHead =
    "# Control protocol\n"
    "\n"
    "How `exai`, and whatever else wants to, talks to the supervisor of a stack. This page is "
    "made\n"
    "from `core/control/methods.hpp`; do not edit it, run `ninja -C build/dev generated`.\n"
    "\n"
    "JSON-RPC 2.0, one message a line, UTF-8, over the unix socket `<state>/run/control.sock`\n"
    "(`exai status --json` on a stack that runs names its files), for the user of the supervisor\n"
    "and for root. `[control]` in the stack file opens more: a socket for a group, to which\n"
    "`EXAI_CONTROL_SOCKET` takes `exai`, and a TCP port, where the first call is `authenticate`;\n"
    "both for looking only, when the file says so. The port is one of 127.0.0.1, whatever else is\n"
    "said; with `certificate` and `key` it speaks TLS (1.2, 1.3), and only that. A new "
    "certificate\n"
    "is taken without a restart. Ids are numbers or texts. A request without an id is refused.\n"
    "Answers come in the order of the requests; notifications of a subscription may come between\n"
    "them.\n"
    "\n"
    "```\n"
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n"
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":2,\"stack\":\"exai\",\"services\":[…]}}"
    "\n"
    "```\n"
    "\n"
    "Times are UTC, `2026-11-21T03:42:19.123Z`. Who speaks an older version is understood as long\n"
    "as `hello` accepts it: members and methods are added, not changed. So ignore members you do\n"
    "not know, and take a state you do not know for one that is not ready.\n";

constexpr std::string_view kLimits =
    "\n## Limits\n"
    "\n"
    "- A line has at most 1 MiB; a longer one is refused and skipped.\n"
    "- 128 clients at a time. When they are as many, the one that has been silent longest, for a\n"
    "  second at least, makes room for the next; when none is, the next is turned away.\n"
    "- The handshake of TLS has 5 s.\n"
    "- An answer that is not taken within 10 s ends the connection, and so does a subscriber that\n"
    "  takes nothing for 60 s.\n"
    "- The last 1024 events are kept. Numbers go on over restarts of the supervisor, so whoever\n"
    "  comes back with the number it has seen last misses nothing without being told.\n";

std::string cell(std::string_view text) {
  return replace_all(std::string(text), "|", "\\|");
}

std::string since_text(int since) {
  return since > 1 ? fmt::format(" (since {})", since) : "";
}

const ErrorRow* find_error(int code) {
  const auto known = errors();
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const ErrorRow& each) { return each.code == code; });
  return found == known.end() ? nullptr : &*found;
}

bool is_structure(std::string_view name) {
  const auto all = fields();
  return std::any_of(all.begin(), all.end(),
                     [&](const Field& field) { return field.structure == name; });
}

std::string method_text(const Method& method) {
  std::string text =
      fmt::format("\n### {}\n\n{}\n\n- access: {}\n- since protocol: {}\n- answers: {}\n",
                  method.name, method.summary, name(method.scope), method.since,
                  is_structure(method.result) ? fmt::format("`{}`", method.result)
                                              : std::string(method.result));
  std::vector<std::string> own;
  for (const int code : errors_of(method))
    if (const ErrorRow* row = find_error(code))
      own.push_back(fmt::format("{} {}", code, row->name));
  if (!own.empty()) text += fmt::format("- errors: {}\n", join(own, ", "));
  if (parameters_of(method).empty()) return text;
  text += "\n| parameter | is | |\n|---|---|---|\n";
  for (const Parameter& parameter : parameters_of(method))
    text += fmt::format("| `{}` | {}{} | {} |\n", parameter.name, name(parameter.shape),
                        parameter.presence == Presence::required ? "" : ", or absent",
                        cell(parameter.summary));
  return text;
}

std::string errors_text() {
  std::string text =
      "\n## Errors\n\n"
      "Those marked * may come from any method.\n\n"
      "| code | name | when |\n|---|---|---|\n";
  for (const ErrorRow& row : errors())
    text += fmt::format("| {} | {}{} | {} |\n", row.code, row.name, row.anywhere ? " *" : "",
                        cell(row.when));
  return text;
}

std::string structures_text() {
  std::string text = "\n## Structures\n";
  std::string_view current;
  for (const Field& field : fields()) {
    if (field.structure != current)
      text += fmt::format("\n### {}\n\n| member | is | |\n|---|---|---|\n", field.structure);
    current = field.structure;
    text += fmt::format("| `{}` | {} | {}{} |\n", field.name, field.type, cell(field.summary),
                        since_text(field.since));
  }
  return text;
}

std::string states_text() {
  std::vector<std::string> names;
  for (const State state : all_states()) names.push_back(fmt::format("`{}`", name(state)));
  return fmt::format("\n## States\n\n{}. `supervisor/service/state.hpp` has the diagram.\n",
                     join(names, ", "));
}

}  // namespace

std::string api_page() {
  std::string page(kHead);
  page += fmt::format("\nThis is protocol {}; clients from protocol {} on are understood.\n",
                      kProtocolVersion, kOldestProtocol);
  page += "\n## Methods\n\n| method | access | |\n|---|---|---|\n";
  for (const Method& method : kMethods) {
    const std::string_view summary = method.summary;
    page += fmt::format("| [{0}](#{0}) | {1} | {2} |\n", method.name, name(method.scope),
                        cell(summary.substr(0, summary.find(". ") == std::string_view::npos
                                                   ? summary.size()
                                                   : summary.find(". ") + 1)));
  }
  for (const Method& method : kMethods) page += method_text(method);
  page += errors_text();
  page += states_text();
  page += structures_text();
  page += kLimits;
  return page;
}

}  // namespace exai::control
