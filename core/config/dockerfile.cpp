#include "core/config/dockerfile.hpp"

namespace exai::config {

const DockerStage* Dockerfile::stage(const std::string& target) const {
  if (stages.empty()) return nullptr;
  if (target.empty()) return &stages.back();
  for (const DockerStage& candidate : stages)
    if (candidate.name == target) return &candidate;
  return nullptr;
}

DockerStage Dockerfile::whole(const DockerStage& stage) const {
  return stage;
}

Dockerfile parse_dockerfile(const SourcePtr& source, const std::map<std::string, std::string>&) {
  Dockerfile file;
  file.source = source;
  return file;
}

}  // namespace exai::config
