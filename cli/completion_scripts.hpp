#pragma once
// Completion scripts, generated from the table of commands and their declarations. Pure. After a
// noun its verbs are offered, after a verb what the verb takes.
// Service names are asked for when they are needed: the scripts call `exai completion services`.

#include <string>
#include <vector>

#include "cli/args.hpp"

namespace exai::cli {

std::string bash_completion(const std::vector<Described>& commands);
std::string zsh_completion(const std::vector<Described>& commands);
std::string fish_completion(const std::vector<Described>& commands);

}  // namespace exai::cli
