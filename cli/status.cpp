// exai status: what the supervisor knows, the worst first.
#include <chrono>
#include <thread>

#include "cli/args.hpp"
#include "cli/engine.hpp"
#include "cli/interrupt.hpp"
#include "cli/view.hpp"
#include "cli/watch.hpp"

namespace exai::cli {

Exit status(Context& context, Args& args);

namespace {

constexpr Duration kRefresh = 1s;
constexpr Duration kInterruptPause = 50ms;

std::string page_of(const Stream& out, const control::StackStatus& status) {
  const Tone tone = in_trouble(status) ? Tone::bad : Tone::strong;
  const Table table = status_table(status, std::chrono::system_clock::now());
  return out.paint(tone, headline(status)) + "\n\n" + layout(table, out.width(), out.colours());
}

Exit verdict(const control::StackStatus& status) {
  return in_trouble(status) ? Exit::not_ok : Exit::ok;
}

Exit watch_status(Context& context, control::Client& client) {
  const InterruptWatch watch;
  while (!watch.interrupted()) {
    const auto now = client.status();
    if (!now) return explain_failure(context, now.error());
    if (context.json)
      context.out.print("{}\n", to_text(control::to_json(*now)));
    else
      context.out.print("{}\n", page_of(context.out, *now));
    for (Duration slept = 0ms; slept < kRefresh && !watch.interrupted(); slept += kInterruptPause)
      std::this_thread::sleep_for(kInterruptPause);
  }
  return Exit::interrupted;
}

}  // namespace

Exit status(Context& context, Args& args) {
  bool watch = false;
  args.about(
      "Shows each service, the worst first: its state and since when, the proof that it works\n"
      "and how old that is, restarts and the cause of the last one, pid, ports, memory, CPU.\n"
      "Exit 1 when a service is in trouble (failed, between attempts, or unhealthy), 3 when no\n"
      "supervisor answers.\n\n"
      "At a terminal --watch is a full screen: select a service with the arrows or j and k,\n"
      "enter shows its log, r restarts it, s stops or starts it, q quits. Elsewhere it prints\n"
      "the status every second, until Ctrl-C.\n\n"
      "  exai status --watch\n"
      "  exai status --json | jq '.services[].state'");
  args.flag("-w,--watch", watch, "live, until q or Ctrl-C");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  auto client = reach_supervisor(context, *workspace);
  if (!client) return Exit::unreachable;
  if (watch && context.out.terminal() && !context.json)
    return watch_board(context, *workspace, *std::move(client));
  if (watch) return watch_status(context, *client);
  const auto now = client->status();
  if (!now) return explain_failure(context, now.error());
  if (context.json)
    context.out.print_json(control::to_json(*now));
  else
    context.out.write(page_of(context.out, *now));
  return verdict(*now);
}

}  // namespace exai::cli
