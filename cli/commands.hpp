#pragma once
// The table of all commands, and the way from a command line to one of them.
//
// To add a command: write cli/<name>.cpp with `Exit <name>(Context&, Args&)`, name it in
// cli/CMakeLists.txt, and give it its declaration and its line in commands.cpp. Help, completion,
// suggestions and the tests of all three follow from the table.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/args.hpp"

namespace exai::cli {

std::span<const Command> commands();  // in the order of the help page
const Command* find_command(std::string_view name);

// `words` is the command line without the program's name.
Exit run_command_line(Context& context, std::vector<std::string> words);

// The page of `exai` alone.
std::string overview();

}  // namespace exai::cli
