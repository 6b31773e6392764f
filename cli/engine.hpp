#pragma once
// The way to the supervisor of a stack: is one there, start one, and what lives on without one.
//
//   connect ── answers ──> Client
//      │ nobody listens
//      ├── the snapshot names processes that still live: survivors of a supervisor that died;
//      │   a new one takes them over without a restart
//      └── start_supervisor ── waits until the socket answers, or tells why it ended ──> Client
//
// A stale socket is no obstacle: the lock decides who is the supervisor, not the socket.

#include <sys/types.h>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "core/control/client.hpp"

namespace exai::cli {

// A process of the stack that lives without a supervisor.
struct Survivor {
  std::string service;
  pid_t pid = -1;
};

// From the snapshot, compared with /proc by pid and start time: never a stranger with a reused pid.
std::vector<Survivor> survivors(const Workspace& workspace);
// "redis (pid 12), exaid (pid 13)"
std::string names_of(const std::vector<Survivor>& survivors);

enum class StackFile { required, ignored };  // ignored: only what the snapshot names is taken over

// Starts exai-supervisor in a session of its own. Errors: not_found (no such program), and
// unavailable with the supervisor's own words when it ends instead of answering.
Result<control::Client> start_supervisor(const Workspace& workspace,
                                         const std::optional<std::string>& environment_name,
                                         const Environment& environment, StackFile stack_file);

// Where the running supervisor is asked: at $EXAI_CONTROL_SOCKET, which the stack shares with other
// users ([control] in its file), else at its own socket.
Path client_socket(const Context& context, const Workspace& workspace);

// The client of the running supervisor. Nothing: it was said on stderr that there is none and what
// to type; exit with unreachable.
std::optional<control::Client> reach_supervisor(Context& context, const Workspace& workspace);

// A supervisor that runs, and how its stack was when it was reached.
struct Reached {
  Workspace workspace;
  control::Client client;
  control::StackStatus status;
};
// For the commands that need one. Else the exit code: why, was said on stderr.
tl::expected<Reached, Exit> reach(Context& context);

// What a failed call means to the person at the terminal, on stderr, with the exit code.
Exit explain_failure(Context& context, const Error& error);

}  // namespace exai::cli
