// Replicas: how many of a service there are, and how that changes while it runs.
//
// A replica that is too many is retired: it stops, and is forgotten then, or taken back when there
// are to be more again before that.

#include <algorithm>

#include "core/base/text.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

// Makes and retires units; nothing is started or stopped.
void Supervisor::set_replicas(const config::Service& service, int count) {
  for (const auto& unit : units_)
    if (unit->service().group == service.name) unit->retired = unit->service().replica > count;
  for (int index = 1; index <= count; ++index)
    if (!find(fmt::format("{}.{}", service.name, index)))
      add(replica_of(stack_, service, index, around_.workspace.run()));
}

// A number that was asked for holds until the stack file says another one.
Scale Supervisor::scale_under(const config::Stack& wanted) const {
  Scale kept = scaled_;
  std::erase_if(kept, [&](const auto& asked) {
    const config::Service* before = stack_->find(asked.first);
    const config::Service* after = wanted.find(asked.first);
    return !before || !after || !after->replicas || after->replicas != before->replicas;
  });
  return kept;
}

void Supervisor::restore_scale(const Snapshot& snapshot) {
  for (const auto& [name, count] : snapshot.scaled) {
    const config::Service* service = stack_->find(name);
    if (!service || !service->replicas) continue;
    set_replicas(*service, count);
    scaled_.insert_or_assign(name, count);
  }
}

Result<> Supervisor::scale(const std::string& name, int count) {
  if (auto open = accepting(); !open) return open;
  const config::Service* service = stack_->find(name);
  if (!service) {
    std::vector<std::string> known;
    for (const config::Service& each : stack_->services)
      if (each.replicas) known.push_back(each.name);
    const auto nearest = closest(name, known);
    return fail(Errc::not_found, "there is no service {}{}", name,
                nearest ? fmt::format("; did you mean {}?", *nearest) : "");
  }
  if (!service->replicas)
    return fail(Errc::invalid,
                "{} cannot be scaled: it has no replicas; write replicas = 1 in the stack file",
                name);
  if (count < 0 || count > config::kMostReplicas)
    return fail(Errc::invalid, "{} cannot have {} replicas: 0 to {}", name, count, config::kMostReplicas);

  set_replicas(*service, count);
  scaled_.insert_or_assign(name, count);
  changed_ = true;
  link();
  std::vector<Unit*> extra;
  for (const auto& unit : units_) {
    if (unit->service().group != name) continue;
    if (unit->retired && !is_at_rest(unit->machine)) {
      starts_.erase(unit.get());
      extra.push_back(unit.get());
    } else if (!unit->retired) {
      Event event{Input::start, fmt::format("scaled to {}", count)};
      if (stops_.contains(unit.get()))
        starts_.insert_or_assign(unit.get(), std::move(event));
      else
        post(*unit, std::move(event));
    }
  }
  // Whom nobody looks for any more tells nobody that it goes; those that need the others look
  // again.
  for (const auto& unit : units_) post(*unit, {Input::needs_met});
  stop_in_order(extra, fmt::format("scaled to {}", count));
  pump();
  bury_gone();
  return {};
}

}  // namespace exai::service
