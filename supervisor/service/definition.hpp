#pragma once
// What a service is: its settings, and the stack that has them. A service without replicas is not
// copied out of its stack, which it keeps alive; a replica is a service of its own.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/settings.hpp"

namespace exai::service {

// Service → how many of it were asked for.
using Scale = std::map<std::string, int, std::less<>>;

struct Definition {
  std::shared_ptr<const config::Stack> stack;
  std::shared_ptr<const config::Service> service;
};

// The one replica; `run_folder` is that of the stack.
Definition replica_of(const std::shared_ptr<const config::Stack>& stack,
                      const config::Service& service, int index, const config::Path& run_folder);

// Every service of the stack, in its order; of those with replicas each of them: as many as were
// asked for, else as the stack says.
std::vector<Definition> definitions(const std::shared_ptr<const config::Stack>& stack,
                                    const Scale& scale, const config::Path& run_folder);

}  // namespace exai::service
