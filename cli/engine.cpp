#include "cli/engine.hpp"

#include <fcntl.h>

#include <algorithm>
#include <thread>

#include "core/base/json.hpp"
#include "core/base/proc.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr Duration kStartLimit = 15s;      // until the socket answers
constexpr Duration kAfterItsEnd = 1500ms;  // another one may have been faster: it gets this long
constexpr Duration kPause = 1ms;

bool has_ended(pid_t pid) {
  const auto info = process_info(pid);
  return !info || info->state == 'Z';
}

// Its last words; without any, where to look for more.
Error why_it_ended(const Workspace& workspace, const Path& words_file) {
  const auto words = read_file(words_file, 1U << 20U);
  if (words && !trim(*words).empty())
    return {Errc::unavailable, fmt::format("the supervisor ended at once:\n{}", trim(*words))};
  return {Errc::unavailable,
          fmt::format("the supervisor ended at once; see {}", workspace.supervisor_log().string())};
}

Result<control::Client> wait_until_it_answers(const Workspace& workspace, pid_t pid,
                                              const Path& words_file) {
  Time deadline = std::chrono::steady_clock::now() + kStartLimit;
  bool ended = false;
  for (;;) {
    auto client = control::Client::connect(workspace.socket());
    if (client) return client;
    const Time now = std::chrono::steady_clock::now();
    if (!ended && has_ended(pid)) {
      ended = true;
      deadline = now + kAfterItsEnd;
    }
    if (now >= deadline) break;
    std::this_thread::sleep_for(kPause);
  }
  if (ended) return fail(why_it_ended(workspace, words_file));
  return fail(Errc::timeout, "the supervisor (pid {}) does not answer after {}; see {}", pid,
              format_duration(kStartLimit), workspace.supervisor_log().string());
}

}  // namespace

namespace {

// By service, in the order of the file.
using Processes = std::vector<std::pair<std::string, json::value>>;

// Adds what a line of the snapshot says of processes; what a later line says of a service counts.
void read_processes(const json::object& line, Processes& processes) {
  const json::array* services = find_array(line, "services");
  if (!services) return;
  for (const json::value& entry : *services) {
    const json::object* service = entry.if_object();
    if (!service) continue;
    const json::value* process = find(*service, "process");
    const std::string name = find_string(*service, "name").value_or("?");
    auto known = std::find_if(processes.begin(), processes.end(),
                              [&](const auto& each) { return each.first == name; });
    if (known == processes.end()) known = processes.insert(known, {name, {}});
    known->second = process ? *process : json::value();
  }
}

// The pid of a process that is still the one that was written down.
std::optional<pid_t> living(const json::value& process) {
  const json::object* identity = process.if_object();
  if (!identity) return std::nullopt;
  const auto pid = find_integer(*identity, "pid");
  const auto start = find_integer(*identity, "start_ticks");
  if (!pid || *pid <= 0 || !start) return std::nullopt;
  const auto alive = is_alive(static_cast<pid_t>(*pid), static_cast<std::uint64_t>(*start));
  return alive ? std::optional(static_cast<pid_t>(*pid)) : std::nullopt;
}

}  // namespace

// supervisor/service/snapshot.hpp has the format.
std::vector<Survivor> survivors(const Workspace& workspace) {
  const auto text = read_file(workspace.snapshot(), 64U << 20U);
  if (!text) return {};
  Processes processes;
  bool of_this_boot = false;
  for (const std::string& line : split(*text, '\n')) {
    const auto object = parse_json_object(line);
    if (!object) break;  // torn
    if (const auto boot = find_string(*object, "boot_id")) of_this_boot = *boot == boot_id();
    read_processes(*object, processes);
  }
  std::vector<Survivor> alive;
  if (!of_this_boot) return alive;
  for (const auto& [name, process] : processes)
    if (const auto pid = living(process)) alive.push_back({name, *pid});
  return alive;
}

std::string names_of(const std::vector<Survivor>& survivors) {
  std::vector<std::string> names;
  for (const Survivor& each : survivors)
    names.push_back(fmt::format("{} (pid {})", each.service, each.pid));
  return join(names, ", ");
}

Result<control::Client> start_supervisor(const Workspace& workspace,
                                         const std::optional<std::string>& environment_name,
                                         const Environment& environment, StackFile stack_file) {
  const auto program = find_program("exai-supervisor", program_search_path(environment));
  if (!program)
    return fail(Errc::not_found,
                "exai-supervisor is neither beside {} nor in PATH; is the installation complete?",
                executable_path().string());
  if (auto ready = prepare(workspace); !ready) return fail(std::move(ready).error());

  const Path words_file = workspace.logs() / "supervisor.stderr";
  TRY(words, open_file(words_file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND));
  SpawnSpec spec;
  spec.command = {program->string(), "--file", workspace.stack_file.string()};
  if (environment_name) {
    spec.command.push_back("--env");
    spec.command.push_back(*environment_name);
  }
  if (stack_file == StackFile::ignored) spec.command.push_back("--adopt-only");
  spec.environment = environment;
  spec.environment["EXAI_STATE_DIR"] = workspace.state.string();  // the same place, surely
  spec.stdout_fd = words.get();
  TRY(child, spawn(spec));
  return wait_until_it_answers(workspace, child.pid, words_file);
}

Path client_socket(const Context& context, const Workspace& workspace) {
  const std::string shared = value_or_empty(context.environment, "EXAI_CONTROL_SOCKET");
  return shared.empty() ? workspace.socket() : Path(shared);
}

std::optional<control::Client> reach_supervisor(Context& context, const Workspace& workspace) {
  auto client = control::Client::connect(client_socket(context, workspace));
  if (client) return *std::move(client);
  if (client.error().code() != Errc::unavailable) {
    explain_failure(context, client.error());
    return std::nullopt;
  }
  const auto alive = survivors(workspace);
  if (alive.empty()) {
    complain(context, Exit::unreachable, "the stack is not running");
    context.err.write("start it: exai up\n");
    return std::nullopt;
  }
  complain(context, Exit::unreachable,
           fmt::format("the supervisor is dead, but {} still run{}: {}",
                       count_of(alive.size(), "service"), alive.size() == 1 ? "s" : "",
                       names_of(alive)));
  context.err.write("take over without a restart: exai up      stop: exai down\n");
  return std::nullopt;
}

tl::expected<Reached, Exit> reach(Context& context) {
  auto workspace = open_workspace(context);
  if (!workspace) return tl::unexpected(Exit::bad_input);
  auto client = reach_supervisor(context, *workspace);
  if (!client) return tl::unexpected(Exit::unreachable);
  auto status = client->states();
  if (!status) return tl::unexpected(explain_failure(context, status.error()));
  return Reached{*std::move(workspace), *std::move(client), *std::move(status)};
}

Exit explain_failure(Context& context, const Error& error) {
  switch (error.code()) {
    case Errc::unavailable:
      complain(context, Exit::unreachable, error.message());
      context.err.write("services run on without it; take them over: exai up\n");
      return Exit::unreachable;
    case Errc::timeout:
      complain(context, Exit::unreachable, error.message());
      context.err.write("find out why: exai doctor      its log: exai logs supervisor\n");
      return Exit::unreachable;
    case Errc::not_found:
      return complain(context, Exit::bad_input, error.message());
    case Errc::conflict:
      complain(context, Exit::not_ok, error.message());
      context.err.write("wait for it to end: exai status\n");
      return Exit::not_ok;
    case Errc::invalid:
    case Errc::denied:
    case Errc::cancelled:
    case Errc::internal:
      break;
  }
  return complain(context, Exit::not_ok, error.message());
}

}  // namespace exai::cli
