#pragma once
// The configuration matrix and the story of one name, for people and for machines. Pure.

#include <string>

#include "cli/output.hpp"
#include "core/config/compose_model.hpp"
#include "core/config/matrix.hpp"
#include "core/workspace/environment.hpp"

namespace exai::cli {

enum class MatrixFormat { table, markdown, json, html };

// Option × environment. Where all environments agree, the place is said once.
std::string render_matrix(const config::Matrix& matrix, MatrixFormat format, int width,
                          Colours colours);
// {"environments":[…],"options":[{"name","group","unit","secret","same",
//   "values":{"dev":{"value","from"},…}}]}; a value that is not set is null.
json::object matrix_json(const config::Matrix& matrix);

// REDIS_PORT = 6380 in dev
//   6380  env/dev.env:4
//   6379  default             (shadowed)
// and what the option table says about it.
std::string render_explanation(const config::Explanation& story, const std::string& environment,
                               Colours colours);
// {"name","environment","value","from","secret","generated","chain":[{"value","from","written",
//   "wins"}],"option":{…}}
json::object explanation_json(const config::Explanation& story, const std::string& environment);

// The environment that a service of a Compose project gets: NAME, VALUE, FROM, and what is
// shadowed.
std::string render_environment(const config::ComposeService& service, int width, Colours colours);
// {"service","environment":{NAME:{"value","from","chain":[{"value","from"}]}}}
json::object environment_json(const config::ComposeService& service);
// The same of a service of the stack; nothing is shadowed.
using GivenVariables = std::map<std::string, Given, std::less<>>;
std::string render_environment(const GivenVariables& variables, int width, Colours colours);
json::object environment_json(const std::string& service, const GivenVariables& variables);
// What it is given, with the names by which it finds its secrets.
GivenVariables environment_in_stack(const Workspace& workspace, const config::Stack& stack,
                                    const config::Service& service, const Environment& own);

}  // namespace exai::cli
