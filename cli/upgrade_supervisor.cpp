// exai upgrade-supervisor: the installed exai-supervisor in place of the one that runs.
#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/args.hpp"
#include "cli/engine.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit upgrade_supervisor(Context& context, Args& args);

namespace {

constexpr Duration kLimit = 30s;
constexpr Duration kPause = 10ms;

// The status that the successor gives: another start of the same process.
Result<control::StackStatus> await_successor(const Workspace& workspace,
                                             const control::StackStatus& before) {
  const Time limit = std::chrono::steady_clock::now() + kLimit;
  for (;;) {
    auto client = control::Client::connect(workspace.socket());
    const auto status = client ? client->states() : fail(client.error());
    if (status && (status->supervisor_started != before.supervisor_started)) return status;
    if (std::chrono::steady_clock::now() >= limit)
      return fail(Errc::timeout, "the new supervisor does not answer after {}; see {}",
                  format_duration(kLimit), workspace.supervisor_log().string());
    std::this_thread::sleep_for(kPause);
  }
}

// Services whose process is another one, or none, though they had one.
std::vector<std::string> changed_processes(const control::StackStatus& before,
                                           const control::StackStatus& after) {
  std::vector<std::string> changed;
  for (const control::ServiceStatus& was : before.services) {
    const auto is = std::find_if(after.services.begin(), after.services.end(),
                                 [&](const auto& each) { return each.name == was.name; });
    if (was.pid > 0 && (is == after.services.end() || is->pid != was.pid))
      changed.push_back(was.name);
  }
  return changed;
}

}  // namespace

Exit upgrade_supervisor(Context& context, Args& args) {
  args.about(
      "After an installation: the supervisor that runs is replaced by the exai-supervisor that is\n"
      "installed beside exai, while every service goes on with the process it has. The new one is\n"
      "tried first; when it cannot start, the old one stays (exit 1).");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  auto reached = reach(context);
  if (!reached) return reached.error();
  const control::StackStatus& before = reached->status;
  const auto program = find_program("exai-supervisor", program_search_path(context.environment));
  if (!program)
    return complain(context, Exit::not_ok, "exai-supervisor is neither beside exai nor in PATH");

  const auto version = reached->client.upgrade(std::filesystem::absolute(*program).string());
  if (!version) return explain_failure(context, version.error());
  const auto after = await_successor(reached->workspace, before);
  if (!after) return explain_failure(context, after.error());
  const auto changed = changed_processes(before, *after);
  if (context.json)
    context.out.print_json(control::to_json(*after));
  else
    context.out.print("supervisor {} -> {} (pid {}); {}\n", before.version, after->version,
                      after->supervisor_pid,
                      changed.empty() ? "every service goes on as it was"
                                      : "not the same process any more: " + join(changed, ", "));
  return Exit::ok;
}

}  // namespace exai::cli
