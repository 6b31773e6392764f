#pragma once
// The catalogue of rules, for people: as a table, as one page for each rule, and as docs/RULES.md.

#include <string>

#include "cli/output.hpp"
#include "core/base/json.hpp"
#include "core/config/lint/lint.hpp"

namespace exai::cli {

std::string rule_table(const Stream& out);
json::object rules_json();
// The whole of docs/RULES.md.
std::string rules_markdown();

std::string rule_page(const config::Rule& rule);
json::object rule_json(const config::Rule& rule);

}  // namespace exai::cli
