// exai start: ask the supervisor for services by name, and watch them come up.
#include "cli/args.hpp"
#include "cli/follow.hpp"

namespace exai::cli {

Exit start(Context& context, Args& args);

Exit start(Context& context, Args& args) {
  bool detach = false;
  std::vector<std::string> services;
  args.about(
      "Starts services of a stack that is up, and what they need, and waits until they are\n"
      "ready. One that was done already runs again; those that run stay as they are. A service\n"
      "that fails: exit 1. Ctrl-C ends the watching, not the service.\n\n"
      "  exai start worker         after exai stop worker\n"
      "  exai start -d migrate     do not wait for it");
  args.flag("-d,--detach", detach, "do not wait until they are ready");
  args.words("SERVICE", services, "which ones; for all: exai up");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (services.empty()) return args.misuse(context, "name the services to start; for all: exai up");

  const auto now = bring_up(context, services, detach,
                            [&](control::Client& client) { return client.start(services); });
  if (!now) return now.error();
  if (context.json) context.out.print_json(control::to_json(*now));
  return Exit::ok;
}

}  // namespace exai::cli
