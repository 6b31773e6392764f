// exai restart: ask the supervisor to stop and start services, and watch them come back.
#include <chrono>

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

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  auto client = reach_supervisor(context, *workspace);
  if (!client) return Exit::unreachable;
  const auto before = client->status();
  if (!before) return explain_failure(context, before.error());

  const Wish wish{services, before->last_event,
                  baseline_of(*before, std::chrono::system_clock::now())};
  const auto asked = client->restart(services);
  if (!asked) return explain_failure(context, asked.error());
  const Followed followed = follow(context, *client, wish);
  const Exit end = conclude(context, *workspace, followed);
  if (end != Exit::ok) return end;
  if (context.json)
    context.out.print_json(control::to_json(followed.status));
  else
    context.out.write(
        layout(summary_table(followed.status), context.out.width(), context.out.colours()));
  return Exit::ok;
}

}  // namespace exai::cli
