// ENV: the text of environment files. The table; the rules are in env_text.cpp, env_readers.cpp and
// env_compare.cpp, and the first ones in the parser.

#include "core/config/lint/env_rules.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

constexpr std::array kRules = {
    Rule{"ENV001", "unterminated-quote", error, deterministic, Fixing::none,
         "A quote in an environment file is never closed",
         "Everything behind the quote, to the end of the file, would be part of the value."},
    Rule{"ENV002", "bad-name", error, deterministic, Fixing::none,
         "A name with a character that names cannot have",
         "Compose refuses the whole file for one such name."},
    Rule{"ENV003", "bad-reference", error, deterministic, Fixing::none,
         "A ${...} that cannot be read",
         "Compose refuses the whole file. A plain dollar is written $$."},
    Rule{"ENV004", "comment-as-value", error, deterministic, Fixing::safe,
         "A comment behind an empty value: it becomes the value",
         "Blanks behind the = are dropped before the value is read, so that the # stands first and "
         "begins no comment.",
         comments_as_values},
    Rule{"ENV005", "unclear-hash", warning, deterministic, Fixing::suggested,
         "A # that is a comment to people and part of the value to Compose",
         "Only a blank and a # begin a comment. After a tab, or glued to the value, the # and all "
         "that follows belong to the value; npm's dotenv cuts there.",
         unclear_hashes},
    Rule{"ENV006", "set-twice", error, deterministic, Fixing::safe, "A name set twice in one file",
         "The last one wins, in silence; whoever edits the first one wonders why nothing changes.",
         names_set_twice},
    Rule{"ENV007", "bare-name", warning, deterministic, Fixing::none,
         "A name without =: its value comes from the environment",
         "What the stack does then depends on the shell of whoever starts it. At the end of a file "
         "without a newline Compose does not even take it for a name.",
         bare_names},
    Rule{"ENV008", "text-after-quote", error, deterministic, Fixing::none,
         "Text behind a closing quote: it is lost, or a statement of its own",
         "Compose reads the rest of the line as another statement.", text_after_quotes},
    Rule{"ENV009", "dollar-in-secret", error, deterministic, Fixing::none,
         "A $ in the value of a secret begins a reference to nothing",
         "Compose replaces $word by the value of a variable, also in double quotes, and by nothing "
         "when there is none: the secret loses its end. Single quotes keep it as it is."},
    Rule{"ENV010", "changed-backslashes", error, deterministic, Fixing::safe,
         "Text in double quotes whose backslashes become other characters",
         "In double quotes \\n is a newline, \\t a tab and \\b a backspace: paths of Windows and "
         "regular expressions become something else. Single quotes keep backslashes.",
         changed_backslashes},
    Rule{"ENV011", "trailing-blanks", warning, deterministic, Fixing::safe,
         "Blanks at the end of a line",
         "Compose drops them; docker run --env-file keeps them as part of the value.",
         trailing_blanks},
    Rule{"ENV012", "end-of-file", warning, deterministic, Fixing::safe,
         "No newline at the end of the file, or empty lines",
         "What is appended to a file without a final newline sticks to its last value.",
         ends_of_files},
    Rule{"ENV013", "carriage-return", warning, deterministic, Fixing::safe,
         "Lines that end with carriage return and newline",
         "Compose drops the carriage return outside of quotes; bash keeps it, and a value with one "
         "at its end looks right and is wrong.",
         line_ends},
    Rule{"ENV014", "byte-order-mark", warning, deterministic, Fixing::safe,
         "A byte order mark at the beginning of the file",
         "Compose drops it; bash and systemd take it for part of the first name.",
         byte_order_marks},
    Rule{"ENV015", "not-text", error, deterministic, Fixing::none,
         "Bytes that are not UTF-8, or NUL", "Programs disagree about what such a file says.",
         unreadable_bytes},
    Rule{"ENV016", "readers-disagree", warning, contextual, Fixing::safe,
         "A value that another reader of this file reads differently",
         "Every program has its own grammar for environment files. This is said of readers that "
         "the project seems to have: npm's dotenv beside package.json, python-dotenv beside "
         "pyproject.toml, bash where a script sources the file. exai env show --reader prints what "
         "each of them gets.",
         reader_differences},
    Rule{"ENV017", "comment-behind-value", info, deterministic, Fixing::safe,
         "A comment behind a value",
         "Compose and most others know such comments; docker run --env-file and systemd take them "
         "for part of the value.",
         inline_comments},
    Rule{"ENV018", "not-set", error, deterministic, Fixing::none,
         "A reference to a variable that nothing sets", "It would be replaced by nothing."},
    Rule{"ENV019", "command-in-value", error, deterministic, Fixing::suggested,
         "A value that is a command to some readers and text to Compose",
         "$(date) and `date` are run by bash and dotenvx. To Compose they are the value itself.",
         commands_in_values},
    Rule{"ENV020", "missing-name", error, contextual, Fixing::safe,
         "A name that the example sets and the file lacks",
         "An example says what the stack needs. Names that it has commented out may be missing.",
         missing_names},
    Rule{"ENV021", "drifted-section", warning, contextual, Fixing::none,
         "A name under another heading than in the example",
         "Files that are laid out alike can be compared by eye.", drifted_sections},
    Rule{"ENV022", "odd-section", warning, deterministic, Fixing::none,
         "Two sections with one heading, or a heading without anything below",
         "Half of the settings are easily missed when there are two places for them.",
         odd_sections},
    Rule{"ENV023", "leftover", info, deterministic, Fixing::none,
         "A name that is commented out and set in the same file",
         "Old values are what version control is for.", leftovers},
    Rule{"ENV024", "unusual-name", warning, deterministic, Fixing::none,
         "A name that shells do not know",
         "Names of letters, digits and _ that begin with no digit reach every program.",
         unusual_names},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> env_rules() {
  return kRules;
}

}  // namespace exai::config
