#pragma once
// What a service finds when it starts: its run folder, its environment, its secrets as files, its
// rendered templates. Made anew at every start, from the settings and nothing else.
//
//   <run>/<service>/               0700
//     secrets/<NAME>               0400, and NAME_FILE=<its path> in the environment;
//                                  CREDENTIALS_DIRECTORY is the folder
//     <rendered file>              0600, secrets may be in it
//
// The environment is environment_of (core/workspace/environment.hpp) and a secret only with
// delivery = "env". With delivery = "memfd" the secrets are descriptors 3, 4, … of the process,
// NAME_FILE=/proc/self/fd/3, and on no disk; they are the process's own, so nothing happens to them
// when the supervisor dies.

#include <map>
#include <string>

#include "core/base/redact.hpp"
#include "core/base/spawn.hpp"
#include "core/workspace/environment.hpp"

namespace exai::service {

// "NAME=value": the mark by which the processes of a service are known (process/tree.hpp).
std::string mark_of(const Workspace& workspace, const std::string& service);

// Without the first three descriptors; `redactor` learns what is delivered. Errors: not_found (the
// command, a template), those of files and of templates, each saying what was being made.
Result<SpawnSpec> deliver(const Workspace& workspace, const config::Stack& stack,
                          const config::Service& service, const Environment& own,
                          Redactor& redactor);

// What a service that runs was given; of one that was not given it as a file, what it would get
// now.
Result<Secret> delivered_value(const Workspace& workspace, const config::Stack& stack,
                               const std::string& service, const std::string& name);

// A port of the service that is taken already: "port 8079 (mcp) is taken by pid 123 (nginx)".
// Empty: none is.
std::string port_conflict(const config::Service& service);

}  // namespace exai::service
