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

// A process that must be gone, named by pid and start time, so that a reused pid is no worry.
struct Witness {
  std::string name;
  ProcessInfo process;
  bool service = false;
};

std::vector<Witness> witnesses_of(const control::StackStatus& status) {
  std::vector<Witness> witnesses;
  const auto add = [&](const std::string& name, pid_t pid, bool service) {
    if (pid <= 0) return;
    if (const auto info = process_info(pid)) witnesses.push_back({name, *info, service});
  };
  for (const control::ServiceStatus& service : status.services)
    add(service.name, service.pid, true);
  add("the supervisor", status.supervisor_pid, false);
  return witnesses;
}

bool lives(const Witness& witness) {
  const auto now = process_info(witness.process.pid);
  return now && now->state != 'Z' && now->start_ticks == witness.process.start_ticks;
}

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

// Gives the processes a moment, then names those that still live.
std::vector<std::string> left_over(const std::vector<Witness>& witnesses) {
  const Time deadline = std::chrono::steady_clock::now() + kLastBreath;
  for (;;) {
    std::vector<std::string> alive;
    for (const Witness& witness : witnesses)
      if (lives(witness))
        alive.push_back(fmt::format("{} (pid {})", witness.name, witness.process.pid));
    if (alive.empty() || std::chrono::steady_clock::now() >= deadline) return alive;
    std::this_thread::sleep_for(1ms);
  }
}

Exit report(Context& context, const std::vector<Witness>& witnesses, const Watched& watched) {
  const auto alive = left_over(witnesses);
  // An end that the supervisor had no time to tell, but that we have seen ourselves.
  for (const Witness& witness : witnesses)
    if (witness.service && !lives(witness) && !watched.told.contains(witness.name))
      context.talk().print("{}: stopped\n", witness.name);
  if (!alive.empty()) {
    complain(context, Exit::not_ok, "still alive: " + join(alive, ", "));
    context.err.write("try again: exai down      look: exai logs supervisor\n");
    return Exit::not_ok;
  }
  if (context.json)
    context.out.print_json(json::object{{"stopped", witnesses.size()}, {"left", json::array{}}});
  else
    context.out.print("down: {} ended, nothing is left\n",
                      count_of(witnesses.size(), "process", "processes"));
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

  const auto before = client->states();
  if (!before) return explain_failure(context, before.error());
  const auto witnesses = witnesses_of(*before);
  if (const auto asked = client->down(); !asked && asked.error().code() != Errc::conflict)
    return explain_failure(context, asked.error());  // conflict: it stops already, we watch
  const Watched watched = watch_stopping(context, *client, before->last_event);
  if (watched.interrupted) {
    complain(context, Exit::interrupted, "interrupted; the stack goes on stopping");
    return Exit::interrupted;
  }
  return report(context, witnesses, watched);
}

}  // namespace exai::cli
