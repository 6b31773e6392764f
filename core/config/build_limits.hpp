#pragma once
// `limits` of a service in the stack file → settings. Private to build_stack.cpp.

#include "core/config/settings.hpp"

namespace exai::config {

Boxed<Limits> build_limits(const Node& service);

}  // namespace exai::config
