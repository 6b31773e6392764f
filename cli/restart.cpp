// exai restart: ask the supervisor to stop and start services, and watch them come back.
#include "cli/args.hpp"
#include "cli/follow.hpp"

namespace exai::cli {

Exit restart(Context& context, Args& args);

Exit restart(Context& context, Args& args) {
  std::vector<std::string> services;
  args.about(
      "Stops the services as their stop policy says, starts them again with the settings the\n"
      "supervisor has, and waits until they are ready. A changed stack file is not read: for\n"
      "that, exai reload. A service that fails: exit 1.\n\n"
      "  exai restart exaid");
  args.words("SERVICE", services, "only these (default: all)");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto now = bring_up(context, services, false,
                            [&](control::Client& client) { return client.restart(services); });
  if (!now) return now.error();
  if (context.json)
    context.out.print_json(control::to_json(*now));
  else
    context.out.write(layout(summary_table(*now), context.out.width(), context.out.colours()));
  return Exit::ok;
}

}  // namespace exai::cli
