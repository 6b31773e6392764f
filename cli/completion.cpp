// exai completion: the script for a shell, and the service names that the scripts ask for.
#include "cli/completion_scripts.hpp"

#include "cli/commands.hpp"
#include "cli/engine.hpp"

namespace exai::cli {

Exit completion(Context& context, Args& args);

namespace {

constexpr Duration kLongestTab = 300ms;

// Of the stack that runs, whatever its file says by now; else of the file. Quiet on purpose:
// whoever presses Tab must not get an error message, nor wait for long.
std::vector<std::string> service_names(Context& context) {
  const auto workspace = find_workspace(context.file, context.environment);
  if (!workspace) return {};
  std::vector<std::string> names;
  if (auto client = control::Client::connect(client_socket(context, *workspace), kLongestTab)) {
    client->set_timeout(kLongestTab);
    if (const auto status = client->states()) {
      for (const control::ServiceStatus& service : status->services) names.push_back(service.name);
      return names;
    }
  }
  if (const auto stack = load_stack(context, *workspace).stack)
    for (const config::Service& service : stack->services) names.push_back(service.name);
  return names;
}

}  // namespace

Exit completion(Context& context, Args& args) {
  std::string shell;
  args.about(
      "Prints a script that teaches the shell all commands, options and service names.\n\n"
      "  bash:  source <(exai completion bash)            in ~/.bashrc\n"
      "  zsh:   source <(exai completion zsh)             in ~/.zshrc, after compinit\n"
      "  fish:  exai completion fish | source             in ~/.config/fish/config.fish\n\n"
      "The word \"services\" instead of a shell prints the names of the stack's services.");
  args.choice("SHELL", shell, {"bash", "zsh", "fish", "services"}, "bash, zsh or fish");
  if (const auto done = args.parse(context)) return *done;

  if (shell == "services") {
    for (const std::string& name : service_names(context)) context.out.print("{}\n", name);
    return Exit::ok;
  }
  std::vector<Described> described;
  for (const Command& command : commands())
    described.push_back({std::string(command.name), std::string(command.summary),
                         Args::describe(command, context)});
  if (shell == "bash") context.out.write(bash_completion(described));
  if (shell == "zsh") context.out.write(zsh_completion(described));
  if (shell == "fish") context.out.write(fish_completion(described));
  return Exit::ok;
}

}  // namespace exai::cli
