#pragma once
// The models that EXAI knows, as data. Providers publish more; any model of theirs can be named in
// a call, this table only adds limits, aliases and quirks.

#include <string_view>
#include <vector>

#include "daemon/providers/provider.hpp"

namespace exai::providers {

std::vector<Model> known_models(std::string_view provider);

}  // namespace exai::providers
