// exai completion: the script for a shell, and the service names that the scripts ask for.
#include "cli/completion_scripts.hpp"

#include "cli/commands.hpp"

namespace exai::cli {

Exit completion(Context& context, Args& args);

namespace {

// Quiet on purpose: whoever presses Tab must not get an error message.
void print_service_names(Context& context) {
  const auto workspace = find_workspace(context.file, context.environment);
  if (!workspace) return;
  const auto stack = load_stack(context, *workspace).stack;
  if (!stack) return;
  for (const config::Service& service : stack->services) context.out.print("{}\n", service.name);
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
    print_service_names(context);
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
