#pragma once
// The rules between options (option_rules.hpp) over the variables of the stack, and over those of
// each service that is exaid and each MCP client, with what their own `env` changes.

#include <string_view>

#include "core/config/lint/rules.hpp"

namespace exai::config {

// Reports those whose code begins with `family`: "CFG", "TMO".
void report_broken_rules(const LintSubject& subject, std::string_view family, Findings& findings);

// Whether a service of the stack file starts exaid: then its `env` holds options.
bool is_exaid(const Node& service);

// " (from the process environment)" when the value stands in no file.
std::string from_where(const Origin& origin);

// The bytes of a span in its source; nothing when it has none.
std::optional<ByteRange> bytes_of(const Span& span);

}  // namespace exai::config
