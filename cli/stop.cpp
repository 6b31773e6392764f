// exai stop: ask the supervisor to stop services, and watch until they have.
#include <algorithm>

#include "cli/args.hpp"
#include "cli/engine.hpp"
#include "cli/interrupt.hpp"
#include "cli/view.hpp"

namespace exai::cli {

Exit stop(Context& context, Args& args);

namespace {

constexpr Duration kPage = 250ms;  // how late Ctrl-C may be

bool rest(const control::StackStatus& status) {
  return std::none_of(status.services.begin(), status.services.end(), [](const auto& service) {
    return service.pid > 0 || service.state == control::State::stopping;
  });
}

// The exit code, when the watching ended before they did.
std::optional<Exit> watch(Context& context, control::Client& client,
                          const std::vector<std::string>& services, std::uint64_t since) {
  const InterruptWatch interrupt;
  for (Duration wait = 0ms;; wait = kPage) {
    const auto page = client.events(since, wait);
    if (!page) return explain_failure(context, page.error());
    since = page->last;
    for (const control::Event& event : page->events)
      context.talk().print("{}\n", event_line(event, {}));
    const auto status = client.states(services);
    if (!status) return explain_failure(context, status.error());
    if (rest(*status) && status->last_event == since) return std::nullopt;
    if (interrupt.interrupted())
      return complain(context, Exit::interrupted, "interrupted; the services go on stopping");
  }
}

}  // namespace

Exit stop(Context& context, Args& args) {
  bool detach = false;
  std::vector<std::string> services;
  args.about(
      "Stops services as their stop policy says, and before them those that need them, and waits\n"
      "until no process of theirs is left. They stay so until exai start or exai up. The rest\n"
      "of the stack runs on; to end all of it: exai down.\n\n"
      "  exai stop worker\n"
      "  exai stop -d redis     and what needs it; do not wait");
  args.flag("-d,--detach", detach, "do not wait until they have stopped");
  args.words("SERVICE", services, "which ones; for all: exai down");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (services.empty())
    return args.misuse(context, "name the services to stop; for all: exai down");

  auto reached = reach(context);
  if (!reached) return reached.error();
  control::Client& client = reached->client;
  auto stopped = client.stop(services);
  if (!stopped) return explain_failure(context, stopped.error());
  if (!detach) {
    if (const auto ended = watch(context, client, services, reached->status.last_event)) return *ended;
    stopped = client.states();
    if (!stopped) return explain_failure(context, stopped.error());
  }
  if (context.json) context.out.print_json(control::to_json(*stopped));
  return Exit::ok;
}

}  // namespace exai::cli
