// exai-supervisor: runs the services of one stack. Started by `exai up`, in a session of its own.
// This file reads the command line, builds the parts, and takes them apart again.

#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "core/base/hash.hpp"
#include "core/base/http.hpp"
#include "core/base/threads.hpp"
#include "core/base/version.hpp"
#include "supervisor/notify.hpp"
#include "supervisor/process/log_keeper.hpp"
#include "supervisor/server.hpp"
#include "supervisor/service/supervisor.hpp"
#include "supervisor/upgrade.hpp"

namespace exai {
namespace {

constexpr std::string_view kUsage =
    "exai-supervisor --file STACK [--env NAME] [--up] [--exit-with SERVICE] [--adopt-only]\n"
    "\n"
    "Runs the services of a stack until it is told to stop. `exai up` starts it; `exai down` ends "
    "it.\n"
    "\n"
    "  --file STACK         the stack file\n"
    "  --env NAME           the environment (dev, staging, prod); default: what the stack file "
    "says\n"
    "  --up                 start all services now: for containers and systemd\n"
    "  --exit-with SERVICE  --up; when this service ends, stop everything, and end with its exit "
    "code\n"
    "  --adopt-only         take over what runs already, without reading the stack file\n"
    "  --check              only see whether it could run: read the stack file and the snapshot\n"
    "  --help, --version\n"
    "\n"
    "TERM or INT stops every service and ends; a second one kills them. It reaps whatever it is "
    "given\n"
    "to reap, so it may be the first process of a container. Started by systemd (Type=notify), it\n"
    "tells when the stack is ready; `exai export systemd` prints a unit.\n"
    "Exit codes: 0 stopped, 1 failed (another one runs, for instance), 2 the stack file is "
    "wrong.\n";

// Between two looks at the status for systemd; without an event, so long.
constexpr Duration kNotifyPause = 100ms;
constexpr Duration kStatusPace = 60s;

struct Arguments {
  std::optional<Path> file;
  std::optional<std::string> environment;
  bool adopt_only = false;
  bool check = false;
  bool up = false;
  std::string exit_with;
  std::vector<std::string> given;  // as they were, for a successor
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
  const option options[] = {{"file", required_argument, nullptr, 'f'},
                            {"env", required_argument, nullptr, 'e'},
                            {"adopt-only", no_argument, nullptr, 'a'},
                            {"check", no_argument, nullptr, 'c'},
                            {"up", no_argument, nullptr, 'u'},
                            {"help", no_argument, nullptr, 'h'},
                            {"exit-with", required_argument, nullptr, 'x'},
                            {"version", no_argument, nullptr, 'v'},
                            {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  arguments.given.assign(argv, argv + argc);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet
  for (int chosen = 0; (chosen = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (chosen) {
      case 'f': arguments.file = optarg; break;
      case 'e': arguments.environment = optarg; break;
      case 'a': arguments.adopt_only = true; break;
      case 'c':
        arguments.check = true;
        break;
      case 'u':
        arguments.up = true;
        break;
      case 'x':
        arguments.exit_with = optarg;
        break;
      case 'h': say(stdout, kUsage); return tl::unexpected(0);
      case 'v': say(stdout, fmt::format("exai-supervisor {}\n", kVersion)); return tl::unexpected(0);
      default: say(stderr, kUsage); return tl::unexpected(2);
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
    if (again) supervisor.kill();
    else supervisor.down();
  }
}

// Tells systemd how the stack is, as long as it lives.
Task<> notify(Clock& clock, service::Supervisor& supervisor, Notifier& notifier) {
  std::uint64_t seen = 0;
  for (;;) {
    const control::StackStatus status = supervisor.status();
    notifier.tell(status);
    if (status.stopping) co_return notifier.stopping();
    Task<control::EventPage> next = supervisor.next_events(seen, kStatusPace);
    const control::EventPage page = co_await std::move(next);
    seen = page.last;
    co_await clock.sleep_for(kNotifyPause);
  }
}

Task<> feed_watchdog(Clock& clock, Notifier& notifier, Duration pace) {
  for (;;) {
    notifier.watchdog();
    co_await clock.sleep_for(pace);
  }
}

Task<> serve(Loop& loop, Clock& clock, service::Supervisor& supervisor, ControlServer& server,
             process::LogKeeper& keeper, Notifier& notifier, Log log) {
  Signals signals(loop, {SIGTERM, SIGINT});
  TaskGroup tasks(loop, log);
  tasks.spawn("signals", obey_signals(signals, supervisor, log));
  if (notifier.wanted()) tasks.spawn("notifying", notify(clock, supervisor, notifier));
  if (const auto pace = notifier.pace())
    tasks.spawn("watchdog", feed_watchdog(clock, notifier, *pace));
  co_await supervisor.ended();
  if (supervisor.stopping()) notifier.stopping();
  co_await server.close();
  co_await supervisor.close();
  co_await keeper.close();
  tasks.cancel();
  co_await tasks.join();
}

// Nothing of ours stays: the cgroups, the socket, the fifos, the folders of the services; the lock
// last, while we still hold it.
void clean_up(const Workspace& workspace, process::Containment& containment, const Log& log) {
  std::vector<Path> entries;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(workspace.run(), error))
    if (entry.path() != workspace.lock()) entries.push_back(entry.path());
  Result<> closed;
  in_parallel(entries.size() + 1, [&](std::size_t i) {
    if (i == 0) {  // of a thousand it takes longest
      closed = containment.close();
      return;
    }
    const Path& entry = entries[i - 1];
    // Nearly all of them are fifos and empty folders: a call each, where remove_all makes nine.
    std::error_code failed;
    std::filesystem::remove(entry, failed);
    if (failed) std::filesystem::remove_all(entry, failed);
  });
  if (!closed) log.error("not everything has ended", {{"what", closed.error().message()}});
  for (const Path& file : {workspace.snapshot(), workspace.lock()})
    if (const auto removed = remove_file(file); !removed)
      log.warn("left behind", {{"error", removed.error().message()}});
}

// The same for the same stack at every start.
std::string cgroup_name(const Workspace& workspace) {
  return fmt::format("exai-{:016x}", fnv1a(workspace.state.string()));
}

// What main() has found before anything runs.
struct Start {
  Arguments arguments;
  Workspace workspace;
  Environment environment;
  std::function<config::Loaded()> load;
  std::shared_ptr<const config::Stack> stack;
  std::shared_ptr<Redactor> redactor;
  LockFile lock;
  Fd socket;  // inherited
};

int exit_code(const ExitStatus& status) {
  if (status.code) return *status.code;
  return status.signal ? 128 + *status.signal : 1;
}

// Only returns when neither the successor nor we ourselves could be started.
int hand_over(const Start& start, const Path& program, const Fd& socket,
              const DescriptorLimit& descriptors, const Log& log) {
  log.info("handing over", {{"program", program.string()}});
  const rlimit limit{descriptors.soft, descriptors.hard};  // as it was given to us
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const Error error = replace_program(program, "/proc/self/exe", start.arguments.given,
                                      start.environment, start.lock, socket);
  log.error("nothing could be started in our place", {{"error", error.message()}});
  return complain(error.message(), 1);
}

int supervise(Start start) {
  if (!start.stack->timezone.empty()) set_timezone(start.stack->timezone);  // that of its schedules
  LogOptions options;
  options.path = start.workspace.supervisor_log().string();
  auto log = Log::open(options, start.redactor);
  if (!log) return complain(log.error().message(), 1);

  Loop loop;
  SystemClock clock;
  const auto child_ends = process::watch_children();
  if (!child_ends) return complain(child_ends.error().message(), 1);
  HttpClient http(loop);
  checks::Checker checker(loop, clock, http);
  process::Containment containment(loop, start.workspace.run() / "cgroup",
                                   cgroup_name(start.workspace),
                                   value_or_empty(start.environment, "EXAI_CGROUP"));
  log->info("containment", {{"how", containment.statement()}});
  const DescriptorLimit before = raise_descriptor_limit();
  const ResourceLimit descriptors{RLIMIT_NOFILE, before.soft, before.hard};
  Watcher watcher(loop);
  auto peek = process::PipePeek::make();
  if (!peek) return complain(peek.error().message(), 1);
  process::LogKeeper keeper(loop, start.workspace.logs(), start.stack->logs_max_total, *log);
  process::LogStore logs{clock, watcher, start.redactor, std::move(*peek),
                         [&](const process::LogFile& file) { keeper.rotated(file); }};
  const auto try_program = [workspace = start.workspace,
                            environment = start.environment](const Path& program) {
    return check_program(program, workspace, environment);
  };
  const service::Surroundings around{
      loop,        clock,       watcher,         checker,        containment,
      *child_ends, descriptors, start.workspace, start.stack,    start.environment,
      *log,        start.load,  try_program,     start.redactor, logs};
  service::Supervisor supervisor(around);
  supervisor.adopt();
  auto server =
      ControlServer::open(loop, clock, supervisor, start.workspace, *log, std::move(start.socket));
  if (!server) {
    log->error("no control socket", {{"error", server.error().message()}});
    complain(server.error().message(), 1);
    std::_Exit(1);  // services that were taken over go on; the next supervisor takes them over
  }
  log->info("supervising",
            {{"version", kVersion}, {"stack", start.stack->name}, {"pid", ::getpid()}});
  const std::string& main_service = start.arguments.exit_with;
  if (!main_service.empty()) supervisor.end_with(main_service);
  // What runs already, or was stopped by hand under an earlier supervisor, stays as it is.
  const bool wants_up = start.arguments.up || !main_service.empty();
  if (wants_up && !supervisor.whole()) static_cast<void>(supervisor.up({}).has_value());
  Notifier notifier(start.environment);
  loop.run_until_done(serve(loop, clock, supervisor, **server, keeper, notifier, *log));
  if (const auto& program = supervisor.successor())
    return hand_over(start, *program, (*server)->release(), before, *log);
  log->info("everything has stopped");
  clean_up(start.workspace, containment, *log);
  return main_service.empty() ? 0 : exit_code(supervisor.exit_status());
}

// Could this program supervise the stack? Says its version, or why not, on stdout.
int check(const Arguments& arguments, const Workspace& workspace, const Environment& environment) {
  const auto snapshot = service::read_snapshot(workspace.snapshot());
  if (!snapshot && snapshot.error().code() != Errc::not_found) {
    say(stdout, snapshot.error().message() + "\n");
    return 1;
  }
  const config::Loaded loaded = load_stack(workspace, arguments.environment, environment);
  if (!loaded.stack) {
    say(stdout, redactor_of(loaded.secrets)->redact(config::render(loaded.diagnostics)));
    return 2;
  }
  say(stdout, fmt::format("exai-supervisor {}\n", kVersion));
  return 0;
}

int run(int argc, char** argv) {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) return arguments.error();
  ignore_sigpipe();
  ::signal(SIGXFSZ, SIG_IGN);  // a log that has reached a limit is one that cannot be written
  ::signal(SIGHUP, SIG_IGN);  // the end of the terminal it was started from is not its end
  forbid_memory_dumps();
  Environment environment = current_environment();

  const auto workspace = find_workspace(arguments->file, environment);
  if (!workspace) return complain(workspace.error().message(), 2);
  if (arguments->check) return check(*arguments, *workspace, environment);
  if (const auto prepared = prepare(*workspace); !prepared)
    return complain(prepared.error().message(), 1);
  auto inherited = take_inheritance(environment, *workspace);
  auto lock = inherited ? Result<LockFile>(std::move(inherited->lock))
                        : LockFile::acquire(workspace->lock());
  if (!lock) return complain("already running: " + lock.error().message(), 1);
  Start start{*arguments,
              *workspace,
              environment,
              stack_loader(*workspace, arguments->environment, environment),
              {},
              {},
              std::move(*lock),
              inherited ? std::move(inherited->socket) : Fd()};
  if (arguments->adopt_only) {
    start.stack = recorded_stack(*workspace);
    start.redactor = redactor_of(kept_secrets(*workspace));
    return supervise(std::move(start));
  }
  config::Loaded loaded = start.load();
  start.redactor = redactor_of(loaded.secrets);
  say(stderr, start.redactor->redact(config::render(loaded.diagnostics)));
  if (!loaded.stack) {
    static_cast<void>(remove_file(workspace->lock()).has_value());  // nothing has been touched yet
    return 2;
  }
  const std::string& main_service = arguments->exit_with;
  if (!main_service.empty() && loaded.stack->find(main_service) == nullptr)
    return complain(fmt::format("--exit-with: there is no service {}", main_service), 2);
  start.stack = std::move(loaded.stack);
  release_startup_memory();
  return supervise(std::move(start));
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
