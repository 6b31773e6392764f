#pragma once
// The names that containers of a project have for each other, and the hosts that the variables of a
// service name. For the files of rules; pure, linear in the project.

#include <map>
#include <string>
#include <vector>

#include "core/config/lint/compose_facts.hpp"

namespace exai::config {

struct HostName {
  const ComposeService* service = nullptr;  // none: a host that the file itself declares
  bool container_name = false;
};
using HostNames = std::map<std::string, HostName, std::less<>>;

// Services by name, hostname, container_name and alias; and what links and extra_hosts declare.
HostNames host_names(const ComposeProject& project);

struct Use {
  const EffectiveVariable* variable = nullptr;
  HostUse host;
  Span span;  // of the host, when it stands there as it is
};

// What the value that counts names: hosts of URLs, of "host:port" lists, and of NAME_HOST=host.
std::vector<Use> uses_in(const EffectiveVariable& variable);

// Whether uses_in has anything to look at: cheap, see has_variable.
bool may_name_hosts(const ComposeService& service);

// Letters, digits, "-" and "_": a name without dots.
bool is_name(std::string_view text);

}  // namespace exai::config
