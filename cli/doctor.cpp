// exai doctor: everything is examined, one cause is named.
#include <algorithm>

#include "cli/args.hpp"
#include "cli/diagnose.hpp"

namespace exai::cli {

Exit doctor(Context& context, Args& args);

Exit doctor(Context& context, Args& args) {
  args.about(
      "Examines configuration, disk, ports, engine, processes, dependencies and the whole MCP\n"
      "path (initialize, tools/list, tools/call). What follows from something else is told\n"
      "from what does not, along the needs of the services: the last lines name the first\n"
      "cause and the command to type. Changes nothing. Exit 1 when anything is wrong.");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  const auto examination = examine(context, *workspace);
  if (!examination) return Exit::interrupted;
  if (context.json)
    context.out.print_json(report_json(*examination));
  else
    context.out.write(report_text(*examination, context.out));
  const bool bad = std::any_of(examination->findings.begin(), examination->findings.end(),
                               [](const Finding& f) { return f.level == Level::bad; });
  return bad ? Exit::not_ok : Exit::ok;
}

}  // namespace exai::cli
