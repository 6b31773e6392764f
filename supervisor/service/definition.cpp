#include "supervisor/service/definition.hpp"

namespace exai::service {

Definition replica_of(const std::shared_ptr<const config::Stack>& stack,
                      const config::Service& service, int index, const config::Path& run_folder) {
  return {stack,
          std::make_shared<const config::Service>(config::replica_of(service, index, run_folder))};
}

std::vector<Definition> definitions(const std::shared_ptr<const config::Stack>& stack,
                                    const Scale& scale, const config::Path& run_folder) {
  std::vector<Definition> all;
  for (const config::Service& service : stack->services) {
    if (!service.replicas) {
      all.push_back({stack, {stack, &service}});
      continue;
    }
    const auto asked = scale.find(service.name);
    const int count = asked == scale.end() ? *service.replicas : asked->second;
    for (int index = 1; index <= count; ++index)
      all.push_back(replica_of(stack, service, index, run_folder));
  }
  return all;
}

}  // namespace exai::service
