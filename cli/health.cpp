// exai health: the services' own checks, once, from outside.
#include <algorithm>

#include "cli/args.hpp"
#include "cli/probe.hpp"
#include "cli/table.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit health(Context& context, Args& args);

namespace {

Table table_of(const std::vector<Probed>& results) {
  Table table{{{"SERVICE"}, {"PURPOSE"}, {"RESULT"}, {"TOOK", Align::right}, {"CHECK"}}, {}, 4};
  for (const Probed& result : results) {
    Row row{{{result.service, Tone::strong},
             std::string(name(result.purpose)),
             {result.ok ? "pass" : "FAIL", result.ok ? Tone::good : Tone::bad},
             format_duration(result.took),
             result.check}};
    row.notes.emplace_back(result.detail, result.ok ? Tone::dim : Tone::bad);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Exit health(Context& context, Args& args) {
  std::vector<std::string> services;
  args.about(
      "Runs the ready and healthy checks of the services once, from here, at the same time,\n"
      "and believes nothing else. Works without a supervisor. Exit 1 when a check fails.\n\n"
      "  exai health exaid --json");
  args.words("SERVICE", services, "only these (default: all)");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto opened = open_stack(context);
  if (!opened || !are_services(context, *opened->stack, services)) return Exit::bad_input;
  const auto results = run_checks(context, *opened, services, running_pids(opened->workspace));
  if (!results) return Exit::interrupted;
  if (context.json)
    context.out.print_json(to_json(*results));
  else if (results->empty())
    context.out.write("these services have no checks\n");
  else
    context.out.write(layout(table_of(*results), context.out.width(), context.out.colours()));
  const bool ok =
      std::all_of(results->begin(), results->end(), [](const Probed& result) { return result.ok; });
  return ok ? Exit::ok : Exit::not_ok;
}

}  // namespace exai::cli
