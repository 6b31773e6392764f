#pragma once
// The environment that a service of the stack starts with, without its secrets: one list for the
// supervisor, for checks that are run from outside, and for `exai config show --service`. Pure but
// for our own program's folder, which PATH begins with.
//
// Later over earlier: a few names of ours that every program wants (HOME, LANG, …), PATH with our
// own binaries first, TZ, the variables that somebody set, the service's own `env`, the EXAI_*
// names. Never TERM, and never a secret.

#include <map>
#include <string>

#include "core/workspace/workspace.hpp"

namespace exai {

struct Given {
  std::string value;
  std::string from;  // "env/dev.env:4", "services.web.env", "exai"
};

// `own`: the environment of whoever starts it.
std::map<std::string, Given, std::less<>> given_to(const Workspace& workspace,
                                                   const config::Stack& stack,
                                                   const config::Service& service,
                                                   const Environment& own);

Environment environment_of(const Workspace& workspace, const config::Stack& stack,
                           const config::Service& service, const Environment& own);

// The EXAI_* names among them.
Environment built_in_names(const Workspace& workspace, const config::Stack& stack,
                           const config::Service& service);

Path working_directory_of(const config::Stack& stack, const config::Service& service);

}  // namespace exai
