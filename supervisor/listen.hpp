#pragma once
// The doors of the supervisor: its own socket in the state folder, for its user and root; and what
// [control] in the stack file opens for others: a socket whose mode and group say who may connect,
// and a port of this machine, where a token has to be shown first, in TLS if that is wanted.

#include <optional>
#include <vector>

#include "core/base/os.hpp"
#include "core/base/secret.hpp"
#include "core/base/tls.hpp"
#include "core/control/methods.hpp"
#include "core/workspace/workspace.hpp"

namespace exai {

struct Door {
  Fd socket;  // listens
  int family = 0;
  enum class Kind { own, shared, port } kind = Kind::own;
  Path path;  // of a socket in the file system
  control::Scope access = control::Scope::own;
  std::optional<Secret> token;
  std::optional<TlsFiles> tls;  // none: clear text
};

// The stack's own first. It listens with `inherited`, if that is something; else a socket file that
// is there is of a dead supervisor, for the caller holds the lock. The shared one: a file at its path that is no socket, or that somebody listens on, stays as
// it is. Errors: conflict, for these and for a port that is taken; not_found: there is no such
// group, folder or token; denied.
Result<std::vector<Door>> open_doors(const Workspace& workspace, const config::Stack& stack,
                                     Fd inherited = {});

// Is this peer one that the door is for? Where the kernel has not said so already.
bool may_enter(const Door& door, int peer);

// Takes away what would be left of a shared one. The stack's own goes with its folder.
void shut(const Door& door);

}  // namespace exai
