// exai up: validate, look for strangers on our ports, make sure of a supervisor, ask it, watch.
#include <algorithm>
#include <chrono>

#include "cli/args.hpp"
#include "cli/follow.hpp"
#include "cli/ports.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"

namespace exai::cli {

Exit up(Context& context, Args& args);

namespace {

bool asked_for(const std::vector<std::string>& names, const std::string& service) {
  return names.empty() || config::names_unit(names, service);
}

// What a supervisor that started earlier does not know.
void remark_on_differences(Context& context, const Opened& opened,
                           const control::StackStatus& status) {
  Stream& out = context.talk();
  if (status.fingerprint != opened.stack->fingerprint)
    out.print(
        "{} the configuration has changed since this stack was started; to apply it: exai reload\n",
        out.paint(Tone::warn, "note:"));
  if (status.version != kVersion)
    out.print("{} the supervisor is version {}, this is {}; to renew it: exai upgrade-supervisor\n",
              out.paint(Tone::warn, "note:"), status.version, kVersion);
}

// A stranger on a port would make the service fail later and less clearly.
bool ports_are_free(Context& context, const Opened& opened, const std::vector<pid_t>& our_pids,
                    const std::vector<std::string>& services) {
  bool all_free = true;
  for (const PortUse& use : port_uses(*opened.stack, our_pids)) {
    if (use.owner != Owner::stranger || !asked_for(services, use.service)) continue;
    complain(context, Exit::not_ok, conflict_text(use));
    context.err.print("free it: {}\n", conflict_fix(use, *opened.stack));
    all_free = false;
  }
  return all_free;
}

std::vector<pid_t> pids_of(const control::StackStatus& status) {
  std::vector<pid_t> pids;
  for (const control::ServiceStatus& service : status.services)
    if (service.pid > 0) pids.push_back(service.pid);
  return pids;
}

void print_summary(Context& context, const Opened& opened, const control::StackStatus& status) {
  if (context.json) {
    context.out.print_json(control::to_json(status));
    return;
  }
  Stream& out = context.out;
  out.write(layout(summary_table(status), out.width(), out.colours()));
  const auto ways = connections(*opened.stack);
  if (!ways.empty()) out.write("\n");
  for (const std::string& way : ways) out.print("  {}\n", way);
  out.write("\nnext: exai status      stop: exai down\n");
}

// Everything that was asked for is ready already.
bool nothing_to_do(const control::StackStatus& status, const std::vector<std::string>& services) {
  return std::all_of(status.services.begin(), status.services.end(), [&](const auto& service) {
    return !asked_for(services, service.name) || control::is_as_wanted(service.state);
  });
}

// The services of these profiles. Nothing: there is no such profile, and it was said.
std::optional<std::vector<std::string>> services_of(Context& context, const config::Stack& stack,
                                                    const std::vector<std::string>& profiles) {
  std::vector<std::string> known;
  std::vector<std::string> chosen;
  for (const config::Service& service : stack.services) {
    for (const std::string& profile : service.profiles)
      if (!contains(known, profile)) known.push_back(profile);
    const bool asked = std::any_of(profiles.begin(), profiles.end(), [&](const auto& profile) {
      return contains(service.profiles, profile);
    });
    if (asked) chosen.push_back(service.name);
  }
  for (const std::string& profile : profiles) {
    if (contains(known, profile)) continue;
    complain(context, Exit::bad_input, unknown_word("profile", profile, known));
    return std::nullopt;
  }
  return chosen;
}

// Without names the whole stack is asked for; what has a profile, by name.
Result<control::StackStatus> ask_for(control::Client& client,
                                     const std::vector<std::string>& services,
                                     std::vector<std::string> of_profiles) {
  if (services.empty()) {
    auto all = client.up({});
    if (!all || of_profiles.empty()) return all;
  }
  of_profiles.insert(of_profiles.end(), services.begin(), services.end());
  return client.up(of_profiles);
}

// The supervisor of this stack: the one that runs, or a new one when the ports are free. Nothing:
// the reason was printed, `exit` has the code.
std::optional<control::Client> client_for(Context& context, const Opened& opened,
                                          const std::vector<std::string>& services, Exit& exit) {
  auto running = control::Client::connect(opened.workspace.socket());
  if (running) return *std::move(running);
  if (running.error().code() != Errc::unavailable) {
    exit = explain_failure(context, running.error());
    return std::nullopt;
  }
  const auto alive = survivors(opened.workspace);
  std::vector<pid_t> pids;
  for (const Survivor& each : alive) pids.push_back(each.pid);
  if (!ports_are_free(context, opened, pids, services)) {
    exit = Exit::not_ok;
    return std::nullopt;
  }
  if (!alive.empty())
    context.talk().print("taking over what runs without a supervisor: {}\n", names_of(alive));
  auto started = start_supervisor(opened.workspace, opened.stack->environment, context.environment,
                                  StackFile::required);
  if (started) return *std::move(started);
  exit = complain(context, Exit::unreachable, started.error().message());
  return std::nullopt;
}

}  // namespace

Exit up(Context& context, Args& args) {
  bool detach = false;
  bool wait = false;
  std::string timeout;
  std::vector<std::string> profiles;
  std::vector<std::string> services;
  args.about(
      "Checks the configuration first; with errors nothing is touched (exit 2). Starts a\n"
      "supervisor in the background if none runs, or takes over what an earlier one left\n"
      "running, without a restart. Services start in the order of their needs; ready means\n"
      "that the service's check has succeeded, or that a job is done. A service that fails:\n"
      "exit 1, with the first cause. Ctrl-C ends the watching, not the stack (exit 130).\n\n"
      "  exai up --timeout 2m     everything; wait no longer than that (exit 1)\n"
      "  exai up -d exaid         exaid and what it needs; do not wait");
  args.flag("-d,--detach", detach, "do not wait until services are ready");
  args.flag("-w,--wait", wait, "wait until they are, which is what it does");
  args.text("-t,--timeout", "DURATION", timeout, "wait no longer: 90s, 2m");
  args.list("-p,--profile", "PROFILE", profiles, "services of this profile, too");
  args.words("SERVICE", services, "only these and what they need");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (detach && (wait || !timeout.empty()))
    return args.misuse(context, "--detach does not wait; leave out --wait and --timeout");
  std::optional<Duration> patience;
  if (!timeout.empty()) {
    const auto parsed = parse_duration(timeout);
    if (!parsed) return args.misuse(context, "--timeout: " + parsed.error().message());
    patience = *parsed;
  }

  const auto opened = open_stack(context);
  if (!opened || !are_services(context, *opened->stack, services)) return Exit::bad_input;
  const auto of_profiles = services_of(context, *opened->stack, profiles);
  if (!of_profiles) return Exit::bad_input;
  Exit exit = Exit::ok;
  auto client = client_for(context, *opened, services, exit);
  if (!client) return exit;

  const auto before = client->states();
  if (!before) return explain_failure(context, before.error());
  remark_on_differences(context, *opened, *before);
  // Without names: what has no profile. The rest stays as it is.
  std::vector<std::string> wished = services;
  wished.insert(wished.end(), of_profiles->begin(), of_profiles->end());
  if (services.empty()) wished = config::selection(*opened->stack, profiles);
  if (nothing_to_do(*before, wished)) {
    context.talk().write("everything runs already\n");
    print_summary(context, *opened, *before);
    return Exit::ok;
  }
  if (!ports_are_free(context, *opened, pids_of(*before), services)) return Exit::not_ok;

  const Wish wish{wished, before->last_event,
                  baseline_of(*before, std::chrono::system_clock::now()), patience};
  const auto asked = ask_for(*client, services, *of_profiles);
  if (!asked) return explain_failure(context, asked.error());
  if (detach) {
    context.talk().write("starting; watch it: exai status --watch\n");
    if (context.json) context.out.print_json(control::to_json(*asked));
    return Exit::ok;
  }
  const Followed followed = follow(context, *client, wish);
  const Exit end = conclude(context, opened->workspace, followed);
  if (end == Exit::ok) print_summary(context, *opened, followed.status);
  return end;
}

}  // namespace exai::cli
