#include <array>

#include "core/checks/proofs.hpp"

namespace exai::checks {

namespace {

// A test holds it against the kinds of schemas/stack.schema.json.
constexpr std::array kKinds = {
    Kind{"command", prove_command}, Kind{"http", prove_http},       Kind{"log", prove_log},
    Kind{"mcp", prove_mcp},         Kind{"notify", prove_notify},   Kind{"process", prove_process},
    Kind{"redis", prove_redis},     Kind{"tcp", prove_tcp},
};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

}  // namespace exai::checks
