// exai down: ask the supervisor to stop everything, watch it do so, and look whether it is true.
#include <chrono>
#include <set>
#include <thread>

#include "cli/args.hpp"
#include "cli/engine.hpp"
#include "cli/follow.hpp"
#include "cli/interrupt.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit down(Context& context, Args& args);

namespace {

constexpr Duration kPage = 250ms;
// After the supervisor's last word its own process may take this long to end.
constexpr Duration kLastBreath = 5s;

using Processes = std::vector<control::Stopping::Process>;

struct Watched {
  bool interrupted = false;
  std::set<std::string> told;  // services whose end was shown
};

// Shows what stops until the supervisor hangs up. Asks for nothing but events: the supervisor ends
// right after the last one, and may do so before we have asked for it.
Watched watch_stopping(Context& context, control::Client& client, std::uint64_t since) {
  const InterruptWatch watch;
  Watched watched;
  while (!watch.interrupted()) {
    const auto page = client.events(since, kPage);
    if (!page) return watched;  // it has ended, which is what we wait for
    since = page->last;
    for (const control::Event& event : page->events) {
      context.talk().print("{}\n", event_line(event, {}));
      if (event.to == control::State::stopped) watched.told.insert(event.service);
    }
  }
  watched.interrupted = true;
  return watched;
}

// Gives the processes a moment; those that still live then.
Processes left_over(Processes processes) {
  const Time deadline = std::chrono::steady_clock::now() + kLastBreath;
  for (;;) {
    std::erase_if(processes,
                  [](const auto& process) { return !is_alive(process.pid, process.start_ticks); });
    if (processes.empty() || std::chrono::steady_clock::now() >= deadline) return processes;
    std::this_thread::sleep_for(1ms);
  }
}

Exit report(Context& context, const Processes& processes, const Watched& watched) {
  std::vector<std::string> alive;
  std::set<std::string> lasting;
  for (const auto& process : left_over(processes)) {
    alive.push_back(fmt::format(
        "{} (pid {})", process.service.empty() ? "the supervisor" : process.service, process.pid));
    lasting.insert(process.service);
  }
  // An end that the supervisor had no time to tell, but that we have seen ourselves.
  for (const auto& process : processes)
    if (!process.service.empty() && !lasting.contains(process.service) &&
        !watched.told.contains(process.service))
      context.talk().print("{}: stopped\n", process.service);
  if (!alive.empty()) {
    complain(context, Exit::not_ok, "still alive: " + join(alive, ", "));
    context.err.write("try again: exai down      look: exai logs supervisor\n");
    return Exit::not_ok;
  }
  if (context.json)
    context.out.print_json(json::object{{"stopped", processes.size()}, {"left", json::array{}}});
  else
    context.out.print("down: {} ended, nothing is left\n",
                      count_of(processes.size(), "process", "processes"));
  return Exit::ok;
}

}  // namespace

Exit down(Context& context, Args& args) {
  args.about(
      "Stops the services in the reverse order of their needs: the stop signal, the grace time,\n"
      "then the kill of everything that is left of the service. Ends when no process of the\n"
      "stack lives any more. Needs no valid stack file, and no supervisor: one that was killed\n"
      "is replaced first. Logs and generated secrets are kept. Nothing runs: exit 0.");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  auto client = control::Client::connect(workspace->socket());
  if (!client && client.error().code() == Errc::unavailable) {
    std::error_code ignored;
    const auto alive = survivors(*workspace);
    if (alive.empty() && !std::filesystem::exists(workspace->socket(), ignored)) {
      context.talk().write("nothing is running\n");
      if (context.json)
        context.out.print_json(json::object{{"stopped", 0}, {"left", json::array{}}});
      return Exit::ok;
    }
    if (!alive.empty())
      context.talk().print("the supervisor is dead; a new one takes over {}\n", names_of(alive));
    client = start_supervisor(*workspace, context.env, context.environment, StackFile::ignored);
  }
  if (!client) return explain_failure(context, client.error());

  const auto stopping = client->down();
  if (!stopping) return explain_failure(context, stopping.error());
  const Watched watched = watch_stopping(context, *client, stopping->last_event);
  if (watched.interrupted) {
    complain(context, Exit::interrupted, "interrupted; the stack goes on stopping");
    return Exit::interrupted;
  }
  return report(context, stopping->processes, watched);
}

}  // namespace exai::cli
