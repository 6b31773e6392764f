#pragma once
// A provider that is asked again: when it is overloaded, fails, sends us away for a while or cannot
// be reached, and nothing of its answer has come yet. Between attempts it pauses for a time drawn
// by lot between nothing and `first_pause`, doubled for each further one, never over
// `longest_pause`; at least as long as the provider asked for. One that asks for more is not asked
// again.

#include <functional>
#include <memory>

#include "core/base/log.hpp"
#include "daemon/providers/provider.hpp"

namespace exai::providers {

struct RetrySettings {
  int attempts = 1;  // the first one counted
  Duration first_pause = 500ms;
  Duration longest_pause = 4s;
};

// Between 0 and 1. Tests give their own.
using Lot = std::function<double()>;
Lot random_lot();

// Lifetime: the clock outlives the provider.
std::unique_ptr<Provider> make_retrying_provider(std::unique_ptr<Provider> inner, Clock& clock,
                                                 Log log, RetrySettings settings,
                                                 Lot lot = random_lot());

}  // namespace exai::providers
