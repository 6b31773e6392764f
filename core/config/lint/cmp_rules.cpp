#include "core/config/compose.hpp"
#include "core/config/lint/rules.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

constexpr std::array kRules = {
    Rule{"CMP001", "yaml-syntax", error, deterministic, Fixing::none, "Text that is not YAML",
         "Compose refuses the whole file. Indent with spaces, put a space after each colon and "
         "dash, and put text with special characters into quotes."},
    Rule{"CMP002", "duplicate-yaml-key", error, deterministic, Fixing::none,
         "A key that is there twice in one table",
         "Compose refuses the file; other readers silently take the last one."},
    Rule{"CMP003", "compose-schema", error, deterministic, Fixing::suggested,
         "A key that Compose does not know, or a value of the wrong kind",
         "Compose refuses the file. Keys of your own begin with \"x-\"."},
    Rule{"CMP004", "compose-variable-unset", error, contextual, Fixing::none,
         "A ${NAME} in a Compose file that nothing sets and that has no default",
         "Compose puts an empty text in its place and only warns. Set the name in .env beside the "
         "file or in the environment, or write ${NAME:-default}. What env_file gives to a service "
         "does not count."},
    Rule{"CMP017", "missing-env-file", error, contextual, Fixing::none,
         "A file that a service needs and that is not there",
         "Compose does not start a service whose env_file is missing, and makes a folder of a bind "
         "whose source is missing. Write required: false for an env_file that may be missing."},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> cmp_rules() {
  return kRules;
}

}  // namespace exai::config
