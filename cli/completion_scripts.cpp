#include "cli/completion_scripts.hpp"

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

std::vector<std::string> names_of(const Declared& option) {
  return split(option.names, ',');
}

// What the words after a command may be: service names, or one of fixed choices.
struct Words {
  bool services = false;
  std::vector<std::string> choices;
};

Words words_of(const Described& command) {
  Words words;
  for (const Declared& option : command.description.options) {
    if (!option.positional) continue;
    if (option.names == "SERVICE") words.services = true;
    words.choices.insert(words.choices.end(), option.choices.begin(), option.choices.end());
  }
  return words;
}

// For '…' in a shell.
std::string shell_quoted(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
}

std::string command_names(const std::vector<Described>& commands) {
  std::vector<std::string> names;
  for (const Described& command : commands) names.push_back(command.name);
  return join(names, " ");
}

std::string option_words(const Described& command) {
  std::vector<std::string> words;
  for (const Declared& option : command.description.options)
    if (!option.positional)
      for (const std::string& name : names_of(option)) words.push_back(name);
  return join(words, " ");
}

std::string fish_option(const Described& command, const Declared& option) {
  std::string line =
      fmt::format("complete -c exai -n '__fish_seen_subcommand_from {}'", command.name);
  for (const std::string& name : names_of(option))
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.placeholder.empty()) line += option.placeholder == "FILE" ? " -rF" : " -x";
  return line + " -d " + shell_quoted(option.help) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<Described>& commands) {
  std::string script =
      "# bash completion of exai. To use it: source <(exai completion bash)\n"
      "_exai() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
      "  case $before in\n"
      "    --file) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
      "    -e|--env) COMPREPLY=($(compgen -W 'dev staging prod' -- \"$word\")); return ;;\n"
      "  esac\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      -*) ;;\n"
      "      *) command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  local options= words=\n"
      "  case $command in\n";
  script += fmt::format("    '') words={} ;;\n", shell_quoted(command_names(commands)));
  for (const Described& command : commands) {
    const Words words = words_of(command);
    script += fmt::format("    {}) options={}", command.name, shell_quoted(option_words(command)));
    if (!words.choices.empty()) script += " words=" + shell_quoted(join(words.choices, " "));
    if (words.services) script += " words=$(exai completion services 2>/dev/null)";
    script += " ;;\n";
  }
  script +=
      "  esac\n"
      "  [[ $word == -* ]] && words=$options\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "}\n"
      "complete -F _exai exai\n";
  return script;
}

std::string zsh_completion(const std::vector<Described>& commands) {
  std::string script =
      "#compdef exai\n"
      "# zsh completion of exai. To use it: source <(exai completion zsh)\n"
      "_exai() {\n"
      "  local -a subcommands flags candidates\n"
      "  subcommands=(\n";
  for (const Described& command : commands)
    script += fmt::format("    {}\n", shell_quoted(command.name + ":" + command.summary));
  script +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command subcommands\n"
      "    return\n"
      "  fi\n"
      "  case $words[CURRENT-1] in\n"
      "    --file) _files; return ;;\n"
      "  esac\n"
      "  local command=$words[2]\n"
      "  case $command in\n";
  for (const Described& command : commands) {
    const Words words = words_of(command);
    script += fmt::format("    {}) flags=({})", command.name, option_words(command));
    if (!words.choices.empty()) script += fmt::format(" candidates=({})", join(words.choices, " "));
    if (words.services) script += " candidates=(${(f)\"$(exai completion services 2>/dev/null)\"})";
    script += " ;;\n";
  }
  script +=
      "  esac\n"
      "  if [[ $PREFIX == -* ]]; then compadd -- $flags; else compadd -- $candidates; fi\n"
      "}\n"
      "compdef _exai exai\n";
  return script;
}

std::string fish_completion(const std::vector<Described>& commands) {
  std::string script =
      "# fish completion of exai. To use it: exai completion fish | source\n"
      "complete -c exai -f\n";
  for (const Described& command : commands) {
    script += fmt::format("complete -c exai -n __fish_use_subcommand -a {} -d {}\n", command.name,
                          shell_quoted(command.summary));
    for (const Declared& option : command.description.options)
      if (!option.positional) script += fish_option(command, option);
    const Words words = words_of(command);
    const std::string seen = fmt::format("-n '__fish_seen_subcommand_from {}'", command.name);
    if (words.services)
      script +=
          fmt::format("complete -c exai {} -a '(exai completion services 2>/dev/null)'\n", seen);
    if (!words.choices.empty())
      script +=
          fmt::format("complete -c exai {} -a {}\n", seen, shell_quoted(join(words.choices, " ")));
  }
  return script;
}

}  // namespace exai::cli
