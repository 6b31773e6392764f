#include <algorithm>
#include <map>

#include "core/config/compose.hpp"

namespace exai::config {

namespace {

ComposeVariable from_env_file(const ComposeEnvFile& file, const DotenvEntry& entry) {
  return {entry.key,
          entry.value,
          entry.style == DotenvEntry::Style::inherited,
          ComposeVariable::Origin::env_file,
          file.path,
          entry.key_span,
          entry.value_span};
}

}  // namespace

std::optional<DockerStage> ComposeService::image_stage() const {
  if (!build || !build->parsed) return std::nullopt;
  const DockerStage* stage = build->parsed->stage(build->target);
  if (stage == nullptr) return std::nullopt;
  return build->parsed->whole(*stage);
}

std::vector<EffectiveVariable> effective_environment(const ComposeService& service) {
  // From the weakest to the strongest; turned round at the end.
  std::map<std::string, EffectiveVariable> variables;
  const auto say = [&](ComposeVariable variable) {
    EffectiveVariable& effective = variables[variable.name];
    effective.name = variable.name;
    effective.chain.push_back(std::move(variable));
  };
  if (const auto stage = service.image_stage())
    for (const DockerVariable& variable : stage->environment)
      say({variable.name, variable.value, false, ComposeVariable::Origin::image,
           service.build->dockerfile.value, variable.name_span, variable.value_span});
  for (const ComposeEnvFile& file : service.env_files)
    for (const DotenvEntry& entry : file.entries)
      if (entry.style != DotenvEntry::Style::faulty && entry.value) say(from_env_file(file, entry));
  for (const ComposeVariable& variable : service.environment) say(variable);
  std::vector<EffectiveVariable> all;
  all.reserve(variables.size());
  for (auto& [name, variable] : variables) {
    std::reverse(variable.chain.begin(), variable.chain.end());
    all.push_back(std::move(variable));
  }
  return all;
}

}  // namespace exai::config
