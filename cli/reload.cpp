// exai reload: let the supervisor read the stack file again, show its plan, watch what comes of it.
#include <algorithm>
#include <chrono>

#include "cli/args.hpp"
#include "cli/follow.hpp"
#include "cli/interrupt.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit reload(Context& context, Args& args);

namespace {

constexpr Duration kPage = 100ms;

void print_plan(Context& context, const control::Reloaded& answer) {
  Stream& out = context.talk();
  std::size_t widest = 0;
  for (const auto& change : answer.changes) widest = std::max(widest, change.service.size());
  for (const auto& change : answer.changes)
    out.print("  {:<{}}  {:<15}  {}\n", change.service, widest, change.action,
              printable(join(change.why, ", ")));
  if (answer.changes.empty())
    out.print("nothing has changed: {} as {}\n", count_of(answer.kept, "service"),
              answer.kept == 1 ? "it is" : "they are");
  else if (answer.kept > 0)
    out.print("  {} as {}\n", count_of(answer.kept, "other service"),
              answer.kept == 1 ? "it is" : "they are");
}

std::vector<std::string> to_watch(const control::Reloaded& answer) {
  std::vector<std::string> names;
  for (const auto& change : answer.changes)
    if (change.action == "restart" || change.action == "start") names.push_back(change.service);
  return names;
}

// The supervisor's verdict on the reload: it comes when the last service has proven itself.
Result<control::ReloadStatus> verdict(control::Client& client, std::uint64_t since) {
  const InterruptWatch watch;
  for (;;) {
    TRY(status, client.states());
    if (status.reload.standing != "settling" || watch.interrupted()) return status.reload;
    TRY(page, client.events(since, kPage));
    since = page.last;
  }
}

Exit watch_reload(Context& context, const Workspace& workspace, control::Client& client,
                  const Wish& wish) {
  const Followed followed = follow(context, client, wish);
  if (followed.end == Followed::End::interrupted || followed.end == Followed::End::lost)
    return conclude(context, workspace, followed);
  const auto end = verdict(client, wish.since);
  if (!end) return explain_failure(context, end.error());
  if (end->standing == "rolled back") {
    complain(context, Exit::not_ok, "rolled back, because of " + end->cause);
    context.err.write("what runs is what ran before; the stack file is as you wrote it\n");
    return Exit::not_ok;
  }
  if (end->standing == "settling") return Exit::interrupted;
  if (end->standing == "failed" && followed.end == Followed::End::ready)
    return complain(context, Exit::not_ok, end->cause);
  return conclude(context, workspace, followed);
}

}  // namespace

Exit reload(Context& context, Args& args) {
  bool dry_run = false;
  args.about(
      "The supervisor reads the stack file and its layers again and makes what runs what they\n"
      "say: new services start, services that are gone stop, those that were changed restart, or\n"
      "are changed in place where no new process is needed. What did not change is not touched.\n"
      "With errors in the stack file nothing changes (exit 2). A service that does not come up:\n"
      "exit 1, and with `on_failed_reload = \"rollback\"` in [stack] what ran before comes "
      "back.\n\n"
      "  exai reload --dry-run       what would happen, and why");
  args.flag("-n,--dry-run", dry_run, "only say what would happen");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  auto client = reach_supervisor(context, *workspace);
  if (!client) return Exit::unreachable;
  const WallTime asked = std::chrono::system_clock::now();
  const auto answer = client->reload(dry_run);
  if (!answer) return explain_failure(context, answer.error());
  if (context.json) context.out.print_json(control::to_json(*answer));
  context.err.write(answer->text);
  if (!answer->valid)
    return complain(context, Exit::bad_input,
                    fmt::format("{} has errors; nothing was changed",
                                workspace->stack_file.filename().string()));
  print_plan(context, *answer);
  const std::vector<std::string> services = to_watch(*answer);
  if (dry_run || services.empty()) return Exit::ok;
  const auto status = client->states();
  if (!status) return explain_failure(context, status.error());
  return watch_reload(context, *workspace, *client,
                      {services, answer->last_event, baseline_of(*status, asked)});
}

}  // namespace exai::cli
