#pragma once
// What a command accepts on its command line. A command declares first and then parses:
//
//   Exit restart(Context& context, Args& args) {
//     std::vector<std::string> services;
//     args.about("Stops and starts services …");
//     args.words("SERVICE", services, "only these");
//     if (const auto done = args.parse(context)) return *done;   // help was shown, or misuse
//     …
//
// Until parse() a command must not touch its context: help pages and completion call it only for
// its declarations (Args::describe), and then parse() always says "done".
//
// A command that is a noun with verbs (exai env show) hands its Args on: cli/verbs.hpp.
//
// --file, --env, --no-color and --help exist on every command and are not declared. CLI11 is behind
// args.cpp. Misuse is reported in one line plus where to read more, with the nearest known word.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.hpp"

namespace exai::cli {

class Args;

struct Command {
  std::string_view name;
  std::string_view summary;  // one line, for the list of commands
  Exit (*run)(Context& context, Args& args);
};

// One option or positional word, as it was declared.
struct Declared {
  std::string names;        // "-f,--file"; a positional: "SERVICE"
  std::string placeholder;  // of its value; empty: a flag
  std::string help;
  std::vector<std::string> choices = {};  // empty: anything
  bool positional = false;
  bool repeated = false;
};

struct Described;

struct Description {
  std::string about;
  std::vector<Declared> options;  // the command's own, then those that every command has
  std::vector<Described> verbs;   // of a noun
};

struct Described {
  std::string name;  // of a verb with its noun: "env show"
  std::string summary;
  Description description;
};

class Args {
 public:
  Args(const Command& command, std::vector<std::string> words);
  ~Args();
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  // The help text below the usage line: what it does, exit codes that surprise, examples.
  void about(std::string_view text);
  void flag(std::string_view names, bool& target, std::string_view help);
  // A flag that may have a value: "true" for --fix, "suggest" for --fix=suggest.
  void flag_or_word(std::string_view names, std::string& target, std::string_view help);
  void number(std::string_view names, std::string_view placeholder, std::size_t& target,
              std::string_view help);
  void text(std::string_view names, std::string_view placeholder, std::string& target,
            std::string_view help);
  // The same, as often as it is given.
  void list(std::string_view names, std::string_view placeholder, std::vector<std::string>& target,
            std::string_view help);
  // An option whose value is one out of a list; `target` holds the default.
  void one_of(std::string_view names, std::string_view placeholder, std::string& target,
              std::vector<std::string> choices, std::string_view help);
  // Any number of positional words.
  void words(std::string_view placeholder, std::vector<std::string>& target, std::string_view help);
  // One positional word out of a list; must be given.
  void choice(std::string_view placeholder, std::string& target, std::vector<std::string> choices,
              std::string_view help);
  // The same, but other words are taken too; empty when it was not given.
  void word(std::string_view placeholder, std::string& target, std::vector<std::string> suggestions,
            std::string_view help);
  void json();  // accepts --json, which lands in context.json

  // Nothing: go on. Else the command is over: ok after --help, bad_input after misuse.
  [[nodiscard]] std::optional<Exit> parse(Context& context);

  // Says what is wrong with the command line, beyond what parse() sees. Returns: bad_input.
  Exit misuse(Context& context, std::string_view problem) const;

  // For nouns, which hand the line on instead of parsing it.
  const Command& command() const { return command_; }
  const std::vector<std::string>& given() const { return words_; }
  // Not null: only declarations are asked for (see describe), and this is where they go.
  Description* wanted() { return purpose_ == Purpose::describe ? &description_ : nullptr; }

  static Description describe(const Command& command, Context& context);

 private:
  struct Parser;
  enum class Purpose { run, describe };
  Args(const Command& command, std::vector<std::string> words, Purpose purpose);
  void declare_common_options();

  const Command& command_;
  std::vector<std::string> words_;
  Purpose purpose_;
  Description description_;
  std::unique_ptr<Parser> parser_;
};

// The page that `exai COMMAND --help` prints.
std::string help_page(const Command& command, const Description& description);

}  // namespace exai::cli
