#pragma once
// How a service lives, from its table in a tree that every rule has accepted: its kind and
// schedule, whom it needs, when it starts again, how it stops, as whom it runs.

#include "core/config/settings.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

void build_life(Service& service, const Node& node);

}  // namespace exai::config
