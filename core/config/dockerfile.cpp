#include "core/config/dockerfile.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::config {

namespace {

// What a later stage says takes the place of what an earlier one said.
template <class T>
void prefer(std::optional<T>& mine, const std::optional<T>& inherited) {
  if (!mine) mine = inherited;
}

template <class T>
void put_in_front(std::vector<T>& mine, const std::vector<T>& inherited) {
  mine.insert(mine.begin(), inherited.begin(), inherited.end());
}

}  // namespace

const DockerStage* Dockerfile::stage(const std::string& target) const {
  if (stages.empty()) return nullptr;
  if (target.empty()) return &stages.back();
  const std::string name = to_lower(target);
  for (const DockerStage& candidate : stages)
    if (candidate.name == name) return &candidate;
  const auto number = parse_integer(target);
  if (!number || *number < 0 || static_cast<std::size_t>(*number) >= stages.size()) return nullptr;
  return &stages[static_cast<std::size_t>(*number)];
}

DockerStage Dockerfile::whole(const DockerStage& stage) const {
  DockerStage made = stage;
  // A stage can only be FROM an earlier one: this ends.
  const DockerStage* end = &stage;
  while (true) {
    const std::string wanted = to_lower(made.base.text);
    const auto base = std::find_if(stages.data(), end, [&](const DockerStage& candidate) {
      return !candidate.name.empty() && candidate.name == wanted;
    });
    if (base == end) return made;
    end = base;
    made.base = base->base;
    put_in_front(made.environment, base->environment);
    put_in_front(made.ports, base->ports);
    put_in_front(made.copies, base->copies);
    put_in_front(made.runs, base->runs);
    prefer(made.user, base->user);
    prefer(made.healthcheck, base->healthcheck);
    // An ENTRYPOINT of its own takes the inherited CMD away.
    if (!made.entrypoint) prefer(made.command, base->command);
    prefer(made.entrypoint, base->entrypoint);
    prefer(made.stop_signal, base->stop_signal);
  }
}

}  // namespace exai::config
