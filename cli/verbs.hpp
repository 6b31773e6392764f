#pragma once
// Commands that are a noun with verbs: `exai env show`, `exai env diff`. The noun is one row of the
// table of commands; its verbs are one table beside their functions:
//
//   constexpr std::array kVerbs = {
//       Command{"env show", "print what a reader makes of environment files", show},
//       Command{"env diff", "compare two environment files", diff},
//   };
//   Exit env(Context& context, Args& args) {
//     return run_verb(context, args, "Environment files: …", kVerbs);
//   }
//
// A verb is written like any command, and its name in the table is what people type. The noun's
// help page lists its verbs; suggestions, `exai help env show` and completion follow from the
// table.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/args.hpp"

namespace exai::cli {

// Runs the verb that the rest of the command line names. Without one: the noun's help page.
// `about` is the text of that page. The verbs are in the order of the page.
Exit run_verb(Context& context, Args& args, std::string_view about, std::span<const Command> verbs);

// "show" of "env show"; of a command without verbs its whole name.
std::string_view verb_of(std::string_view name);

// Takes the first word that is no option out of the line: options may come before a command
// (`exai --env prod status`), and there -f is always the file. Nothing: there is no such word.
std::optional<std::string> take_leading_word(std::vector<std::string>& words);

}  // namespace exai::cli
