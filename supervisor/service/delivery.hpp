#pragma once
// What a service finds when it starts: its run folder, its environment, its secrets as files, its
// rendered templates. Made anew at every start, from the settings and nothing else.
//
//   <run>/<service>/               0700
//     secrets/<NAME>               0600, and NAME_FILE=<its path> in the environment
//     <rendered file>              0600, secrets may be in it
//
// The environment, later over earlier: a few names of ours that every program wants (HOME, LANG, …),
// PATH with our own binaries first, TZ, the variables that somebody set, the service's own `env`,
// the EXAI_* names. Never a secret, never TERM.

#include <map>
#include <string>

#include "core/base/spawn.hpp"
#include "core/workspace/workspace.hpp"

namespace exai::service {

// "NAME=value": the mark by which the processes of a service are known (process/tree.hpp).
std::string mark_of(const Workspace& workspace, const std::string& service);

// Without the descriptors. Errors: not_found (the command, a template), those of files and of
// templates, each saying what was being made.
Result<SpawnSpec> deliver(const Workspace& workspace, const config::Stack& stack,
                          const config::Service& service, const Environment& own);

// The environment alone.
Environment environment_of(const Workspace& workspace, const config::Stack& stack,
                           const config::Service& service, const Environment& own);

Path working_directory_of(const config::Stack& stack, const config::Service& service);

// A port of the service that is taken already: "port 8079 (mcp) is taken by pid 123 (nginx)".
// Empty: none is.
std::string port_conflict(const config::Service& service);

}  // namespace exai::service
