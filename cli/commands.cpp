#include "cli/commands.hpp"

#include <algorithm>
#include <array>

#include "cli/verbs.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit validate(Context& context, Args& args);
Exit up(Context& context, Args& args);
Exit down(Context& context, Args& args);
Exit reload(Context& context, Args& args);
Exit start(Context& context, Args& args);
Exit stop(Context& context, Args& args);
Exit restart(Context& context, Args& args);
Exit scale(Context& context, Args& args);
Exit signal_command(Context& context, Args& args);
Exit status(Context& context, Args& args);
Exit top(Context& context, Args& args);
Exit events(Context& context, Args& args);
Exit graph(Context& context, Args& args);
Exit logs(Context& context, Args& args);
Exit doctor(Context& context, Args& args);
Exit health(Context& context, Args& args);
Exit env(Context& context, Args& args);
Exit config_command(Context& context, Args& args);
Exit secret(Context& context, Args& args);
Exit mcp(Context& context, Args& args);
Exit export_command(Context& context, Args& args);
Exit upgrade_supervisor(Context& context, Args& args);
Exit completion(Context& context, Args& args);
Exit version(Context& context, Args& args);

namespace {

constexpr std::array kCommands = {
    Command{"validate", "check the stack file and its layers, and point at what is wrong",
            validate},
    Command{"up", "start the stack and wait until every service is ready", up},
    Command{"down", "stop the stack and prove that nothing is left", down},
    Command{"reload", "read the stack file again, and restart what it changes", reload},
    Command{"start", "start services, and what they need", start},
    Command{"stop", "stop services; the rest runs on", stop},
    Command{"restart", "stop and start services that run", restart},
    Command{"scale", "change how many replicas of services run", scale},
    Command{"signal", "send a signal to services", signal_command},
    Command{"status", "what runs, since when, and by what proof", status},
    Command{"top", "what each service takes of this machine", top},
    Command{"events", "what happened to the services, and why", events},
    Command{"graph", "which service needs which", graph},
    Command{"logs", "what the services have written", logs},
    Command{"doctor", "examine everything and name the first cause", doctor},
    Command{"health", "run the services' checks once, from outside", health},
    Command{"env", "show, compare and complete environment files", env},
    Command{"config", "what every option is, and who says so", config_command},
    Command{"secret", "keep the secrets of an environment", secret},
    Command{"mcp", "the server that MCP clients launch, on stdin and stdout", mcp},
    Command{"export", "print the stack as a systemd unit", export_command},
    Command{"upgrade-supervisor", "put the installed supervisor in place of the running one",
            upgrade_supervisor},
    Command{"completion", "print the completion script of a shell", completion},
    Command{"version", "print the version", version},
};

Exit without_command(Context& context, const std::vector<std::string>& words) {
  const auto given = [&](std::string_view a, std::string_view b) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word == a || word == b; });
  };
  if (words.empty() || given("-h", "--help")) {
    context.out.write(overview());
    return Exit::ok;
  }
  if (given("-V", "--version")) return run_command_line(context, {"version"});
  complain(context, Exit::bad_input, fmt::format("no command after {}", printable(words.back())));
  context.err.write("see exai --help\n");
  return Exit::bad_input;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  const auto* command = std::find_if(kCommands.begin(), kCommands.end(),
                                     [&](const Command& c) { return c.name == name; });
  return command == kCommands.end() ? nullptr : command;
}

Exit run_command_line(Context& context, std::vector<std::string> words) {
  std::optional<std::string> name = take_leading_word(words);
  if (!name) return without_command(context, words);
  if (name == "help") {  // `exai help up` is what people type
    name = take_leading_word(words);
    if (!name) return without_command(context, words);
    words.emplace_back("--help");
  }
  const Command* command = find_command(*name);
  if (!command) {
    std::vector<std::string> known;
    for (const Command& each : kCommands) known.emplace_back(each.name);
    complain(context, Exit::bad_input, unknown_word("command", *name, known));
    context.err.write("see exai --help\n");
    return Exit::bad_input;
  }
  Args args(*command, std::move(words));
  return command->run(context, args);
}

std::string overview() {
  std::string page =
      "exai: runs a stack of services and tells the truth about it\n\n"
      "usage: exai COMMAND [options]\n\n";
  std::size_t widest = 0;
  for (const Command& command : kCommands) widest = std::max(widest, command.name.size());
  for (const Command& command : kCommands)
    page += fmt::format("  {:<{}}  {}\n", command.name, widest, command.summary);
  page +=
      "\nstart:      exai up\n"
      "look:       exai status\n"
      "trouble:    exai doctor\n"
      "more:       exai COMMAND --help\n";
  return page;
}

}  // namespace exai::cli
