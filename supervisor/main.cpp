// exai-supervisor: runs the services of one stack. Started by `exai up`, in a session of its own.
// This file reads the command line, builds the parts, and takes them apart again.

#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "core/base/hash.hpp"
#include "core/base/http.hpp"
#include "core/base/version.hpp"
#include "supervisor/process/log_keeper.hpp"
#include "supervisor/server.hpp"
#include "supervisor/service/supervisor.hpp"

namespace exai {
namespace {

constexpr std::string_view kUsage =
    "exai-supervisor --file STACK [--env NAME] [--adopt-only]\n"
    "\n"
    "Runs the services of a stack until it is told to stop. `exai up` starts it; `exai down` ends "
    "it.\n"
    "\n"
    "  --file STACK   the stack file\n"
    "  --env NAME     the environment (dev, staging, prod); default: what the stack file says\n"
    "  --adopt-only   take over what runs already, without reading the stack file\n"
    "  --help, --version\n"
    "\n"
    "TERM or INT stops every service and ends; a second one kills them.\n"
    "Exit codes: 0 stopped, 1 failed (another one runs, for instance), 2 the stack file is "
    "wrong.\n";

struct Arguments {
  std::optional<Path> file;
  std::optional<std::string> environment;
  bool adopt_only = false;
};

void say(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

int complain(std::string_view text, int code) {
  say(stderr, fmt::format("exai-supervisor: {}\n", text));
  return code;
}

// The arguments, or the exit code when there is nothing to run.
tl::expected<Arguments, int> parse_arguments(int argc, char** argv) {
  const option options[] = {
      {"file", required_argument, nullptr, 'f'}, {"env", required_argument, nullptr, 'e'},
      {"adopt-only", no_argument, nullptr, 'a'}, {"help", no_argument, nullptr, 'h'},
      {"version", no_argument, nullptr, 'v'},    {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet
  for (int chosen = 0; (chosen = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (chosen) {
      case 'f':
        arguments.file = optarg;
        break;
      case 'e':
        arguments.environment = optarg;
        break;
      case 'a':
        arguments.adopt_only = true;
        break;
      case 'h':
        say(stdout, kUsage);
        return tl::unexpected(0);
      case 'v':
        say(stdout, fmt::format("exai-supervisor {}\n", kVersion));
        return tl::unexpected(0);
      default:
        say(stderr, kUsage);
        return tl::unexpected(2);
    }
  }
  if (optind < argc)
    return tl::unexpected(complain(fmt::format("unexpected argument {}", argv[optind]), 2));
  return arguments;
}

// A stack of what an earlier supervisor wrote down: enough to see and to stop it. The services come
// from the snapshot when the supervisor adopts.
std::shared_ptr<const config::Stack> recorded_stack(const Workspace& workspace) {
  auto stack = std::make_shared<config::Stack>();
  stack->file = workspace.stack_file;
  stack->directory = workspace.stack_file.parent_path();
  if (const auto snapshot = service::read_snapshot(workspace.snapshot())) {
    stack->name = snapshot->stack;
    stack->environment = snapshot->environment;
    stack->timezone = snapshot->timezone;
  }
  stack->logs_max_total = 0;  // nobody knows what the file says: nothing is removed
  return stack;
}

// What must not be seen in any log. Values that come later are told when they are delivered.
std::shared_ptr<Redactor> redactor_of(const std::vector<std::pair<std::string, Secret>>& secrets) {
  auto redactor = std::make_shared<Redactor>();
  for (const auto& [name, value] : secrets) redactor->add(name, value);
  return redactor;
}

// The first signal stops everything in order, the second at once.
Task<> obey_signals(Signals& signals, service::Supervisor& supervisor, Log log) {
  for (;;) {
    const Result<int> number = co_await signals.next();
    if (!number) co_return;
    const bool again = supervisor.stopping();
    log.info(again ? "killing everything" : "stopping everything",
             {{"signal", signal_name(*number)}});
    if (again)
      supervisor.kill();
    else
      supervisor.down();
  }
}

Task<> serve(Loop& loop, service::Supervisor& supervisor, ControlServer& server,
             process::LogKeeper& keeper, Log log) {
  Signals signals(loop, {SIGTERM, SIGINT});
  TaskGroup tasks(loop, log);
  tasks.spawn("signals", obey_signals(signals, supervisor, log));
  co_await supervisor.ended();
  co_await server.close();
  co_await supervisor.close();
  co_await keeper.close();
  tasks.cancel();
  co_await tasks.join();
}

// Nothing of ours stays: the socket, the fifos, the folders of the services; the lock last, while
// we still hold it.
void clean_up(const Workspace& workspace, const Log& log) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(workspace.run(), error))
    if (entry.path() != workspace.lock()) std::filesystem::remove_all(entry.path(), error);
  for (const Path& file : {workspace.snapshot(), workspace.lock()})
    if (const auto removed = remove_file(file); !removed)
      log.warn("left behind", {{"error", removed.error().message()}});
}

// The same for the same stack at every start.
std::string cgroup_name(const Workspace& workspace) {
  return fmt::format("exai-{:016x}", fnv1a(workspace.state.string()));
}

std::string wanted_cgroup(const Environment& environment) {
  const auto wanted = environment.find("EXAI_CGROUP");
  return wanted == environment.end() ? "" : wanted->second;
}

int supervise(const Workspace& workspace, std::shared_ptr<const config::Stack> stack,
              const Environment& environment, std::shared_ptr<Redactor> redactor) {
  if (!stack->timezone.empty()) set_timezone(stack->timezone);  // that of its schedules
  LogOptions options;
  options.path = workspace.supervisor_log().string();
  auto log = Log::open(options, redactor);
  if (!log) return complain(log.error().message(), 1);

  Loop loop;
  SystemClock clock;
  const auto child_ends = process::watch_children();
  if (!child_ends) return complain(child_ends.error().message(), 1);
  HttpClient http(loop);
  checks::Checker checker(loop, clock, http);
  process::Containment containment(loop, workspace.run() / "cgroup", cgroup_name(workspace),
                                   wanted_cgroup(environment));
  log->info("containment", {{"how", containment.statement()}});
  const DescriptorLimit before = raise_descriptor_limit();
  const ResourceLimit descriptors{RLIMIT_NOFILE, before.soft, before.hard};
  Watcher watcher(loop);
  auto peek = process::PipePeek::make();
  if (!peek) return complain(peek.error().message(), 1);
  process::LogKeeper keeper(loop, workspace.logs(), stack->logs_max_total, *log);
  process::LogStore logs{clock, redactor, std::move(*peek),
                         [&](const process::LogFile& file) { keeper.rotated(file); }};
  const service::Surroundings around{loop,        clock,       watcher,   checker, containment,
                                     *child_ends, descriptors, workspace, stack,   environment,
                                     *log,        redactor,    logs};
  service::Supervisor supervisor(around);
  supervisor.adopt();
  auto server = ControlServer::open(loop, clock, supervisor, workspace, *log);
  if (!server) {
    log->error("no control socket", {{"error", server.error().message()}});
    complain(server.error().message(), 1);
    std::_Exit(1);  // services that were taken over go on; the next supervisor takes them over
  }
  log->info("supervising", {{"version", kVersion}, {"stack", stack->name}, {"pid", ::getpid()}});
  loop.run_until_done(serve(loop, supervisor, **server, keeper, *log));
  log->info("everything has stopped");
  if (const auto removed = containment.remove(); !removed)
    log->error("not everything has ended", {{"what", removed.error().message()}});
  clean_up(workspace, *log);
  return 0;
}

int run(int argc, char** argv) {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) return arguments.error();
  ignore_sigpipe();
  ::signal(SIGXFSZ, SIG_IGN);  // a log that has reached a limit is one that cannot be written
  ::signal(SIGHUP, SIG_IGN);  // the end of the terminal it was started from is not its end
  forbid_memory_dumps();
  const Environment environment = current_environment();

  const auto workspace = find_workspace(arguments->file, environment);
  if (!workspace) return complain(workspace.error().message(), 2);
  if (const auto prepared = prepare(*workspace); !prepared)
    return complain(prepared.error().message(), 1);
  const auto lock = LockFile::acquire(workspace->lock());
  if (!lock) return complain("already running: " + lock.error().message(), 1);
  if (arguments->adopt_only)
    return supervise(*workspace, recorded_stack(*workspace), environment,
                     redactor_of(kept_secrets(*workspace)));

  config::Loaded loaded = load_stack(*workspace, arguments->environment, environment);
  const auto redactor = redactor_of(loaded.secrets);
  say(stderr, redactor->redact(config::render(loaded.diagnostics)));
  if (!loaded.stack) {
    static_cast<void>(remove_file(workspace->lock()).has_value());  // nothing has been touched yet
    return 2;
  }
  auto stack = std::move(loaded.stack);
  loaded = {};  // the trees and texts it was made from
  release_startup_memory();
  return supervise(*workspace, std::move(stack), environment, redactor);
}

}  // namespace
}  // namespace exai

int main(int argc, char** argv) {
  try {
    return exai::run(argc, argv);
  } catch (const std::exception& error) {
    return exai::complain(error.what(), 1);
  }
}
