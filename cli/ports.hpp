#pragma once
// Who listens where the stack's services want to: nobody, one of ours, or a stranger.

#include <sys/types.h>
#include <string>
#include <vector>

#include "core/base/proc.hpp"
#include "core/config/settings.hpp"

namespace exai::cli {

enum class Owner { nobody, ours, stranger };

struct PortUse {
  std::string service;
  config::PortBinding port;
  Owner owner = Owner::nobody;
  Listener listener;  // when somebody listens
};

// A listener with the session it belongs to; a service's processes share the session of its pid.
struct Held {
  Listener listener;
  pid_t session = -1;
};

// Pure. A listener on another address than ours (::1, a network card's) is in nobody's way.
PortUse judge_port(const std::string& service, const config::PortBinding& port,
                   const std::vector<Held>& held, const std::vector<pid_t>& our_pids);

// Every declared port of the stack, as the machine is now.
std::vector<PortUse> port_uses(const config::Stack& stack, const std::vector<pid_t>& our_pids);

// "port 8079 (exaid mcp) is held by python3 (pid 123)"
std::string conflict_text(const PortUse& use);
// "stop it (kill 123), or give exaid another port: EXAI_WS_PORT, exai.toml:31"
std::string conflict_fix(const PortUse& use, const config::Stack& stack);

}  // namespace exai::cli
