#include "supervisor/service/limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>

namespace exai::service {

namespace {

struct Resource {
  std::string_view name;
  int number;
};
constexpr std::array kResources = {
    Resource{"open_files", RLIMIT_NOFILE},
    Resource{"processes", RLIMIT_NPROC},
    Resource{"core", RLIMIT_CORE},
    Resource{"file_size", RLIMIT_FSIZE},
    Resource{"address_space", RLIMIT_AS},
    Resource{"stack", RLIMIT_STACK},
    Resource{"locked_memory", RLIMIT_MEMLOCK},
};
static_assert(RLIM64_INFINITY == config::kUnlimited);

}  // namespace

void add_limits(const config::Service& service, const ResourceLimit& descriptors, SpawnSpec& spec) {
  const config::Limits limits = service.limits ? *service.limits : config::Limits{};
  if (!limits.resources.contains("open_files")) spec.limits.push_back(descriptors);
  for (const auto& [name, amount] : limits.resources) {
    const auto* found = std::find_if(
        kResources.begin(), kResources.end(),
        [&, wanted = std::string_view(name)](const Resource& each) { return each.name == wanted; });
    if (found != kResources.end()) spec.limits.push_back({found->number, amount, amount});
  }
  spec.oom_score = limits.oom_score;
  spec.processors = limits.processors;
}

process::GroupLimits group_limits(const config::Service& service) {
  if (!service.limits) return {};
  return {service.limits->memory, service.limits->cpu, service.limits->tasks};
}

}  // namespace exai::service
