// exai signal: a signal for the main process of services.
#include "cli/args.hpp"
#include "cli/engine.hpp"

namespace exai::cli {

Exit signal_command(Context& context, Args& args);

Exit signal_command(Context& context, Args& args) {
  std::string signal;
  std::vector<std::string> services;
  args.about(
      "Sends a signal to the main process of services, and nothing more: a service that ends by\n"
      "it is restarted as its policy says. To stop one for good: exai stop. A service that has\n"
      "no process: exit 1.\n\n"
      "  exai signal HUP redis        read the configuration again, as redis does\n"
      "  exai signal SIGUSR1 worker");
  args.word("SIGNAL", signal,
            {"HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "KILL", "STOP", "CONT", "WINCH"},
            "its name, with or without SIG, or its number");
  args.words("SERVICE", services, "which ones");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (signal.empty()) return args.misuse(context, "name a signal and services");
  if (services.empty()) return args.misuse(context, "name the services to signal");

  auto reached = reach(context);
  if (!reached) return reached.error();
  const auto sent = reached->client.signal(services, signal);
  if (!sent) return explain_failure(context, sent.error());
  if (context.json) context.out.print_json(control::to_json(*sent));
  return Exit::ok;
}

}  // namespace exai::cli
