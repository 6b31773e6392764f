#pragma once
// One prompt for each step-wise tool that is offered: it sets the client's model to work with the
// tool. Made from the tool's data; pure.

#include "daemon/providers/router.hpp"
#include "daemon/tools/definition.hpp"

namespace exai::tools {

// task (required), files, model: whom to ask at the end.
mcp::PromptInfo prompt_info(const Definition& tool);

// The result of prompts/get. Errors: invalid, an argument that is missing, not known, or too long.
Result<json::object> prompt_result(const Definition& tool, const json::object& arguments);

// What an argument may be. Errors: not_found, the prompt has no such argument.
Result<std::vector<std::string>> complete_prompt(const Definition& tool,
                                                 const providers::Router& router,
                                                 std::string_view argument, std::string_view value);

}  // namespace exai::tools
