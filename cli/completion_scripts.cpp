#include "cli/completion_scripts.hpp"

#include "cli/verbs.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

namespace {

std::vector<std::string> names_of(const Declared& option) {
  return split(option.names, ',');
}

// What the words after a command may be: service names, files, or one of fixed choices.
struct Words {
  bool services = false;
  bool files = false;
  std::vector<std::string> choices;
};

Words words_of(const Described& command) {
  Words words;
  for (const Declared& option : command.description.options) {
    if (!option.positional) continue;
    if (option.names.starts_with("SERVICE")) words.services = true;
    if (option.names == "FILE") words.files = true;
    words.choices.insert(words.choices.end(), option.choices.begin(), option.choices.end());
  }
  for (const Described& verb : command.description.verbs)
    words.choices.emplace_back(verb_of(verb.name));
  return words;
}

// Every command line there is: commands, and below a noun its verbs.
std::vector<Described> with_verbs(const std::vector<Described>& commands) {
  std::vector<Described> all;
  for (const Described& command : commands) {
    all.push_back(command);
    const std::vector<Described>& verbs = command.description.verbs;
    all.insert(all.end(), verbs.begin(), verbs.end());
  }
  return all;
}

// As a pattern of `case "$command $verb"`: a noun still lacks its verb, a command takes any word.
std::string case_of(const Described& command) {
  if (!command.description.verbs.empty()) return "'" + command.name + " '";
  return command.name.find(' ') == std::string::npos ? command.name + "\\ *"
                                                     : "'" + command.name + "'";
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

// The condition under which fish offers something: after the command, and after the verb or, for a
// noun, before it.
std::string fish_seen(const Described& command) {
  const std::vector<std::string> words = split(command.name, ' ');
  std::string seen =
      "__fish_seen_subcommand_from " + join(words, "; and __fish_seen_subcommand_from ");
  if (!command.description.verbs.empty())
    seen += "; and not __fish_seen_subcommand_from " + join(words_of(command).choices, " ");
  return "-n '" + seen + "'";
}

std::string fish_option(const Described& command, const Declared& option) {
  std::string line = "complete -c exai " + fish_seen(command);
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
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= verb= file= "
      "i\n"
      "  case $before in\n"
      "    --file) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
      "    -e|--env) COMPREPLY=($(compgen -W 'dev staging prod' -- \"$word\")); return ;;\n"
      "  esac\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      --file) file=\"--file ${COMP_WORDS[++i]}\" ;;\n"
      "      -e|--env) ((i++)) ;;\n"
      "      -*) ;;\n"
      "      *) if [[ $command ]]; then verb=${COMP_WORDS[i]}; break; fi; command=${COMP_WORDS[i]} "
      ";;\n"
      "    esac\n"
      "  done\n"
      "  local options= words= files=\n"
      "  case \"$command $verb\" in\n";
  script += fmt::format("    ' ') words={} ;;\n", shell_quoted(command_names(commands)));
  for (const Described& command : with_verbs(commands)) {
    const Words words = words_of(command);
    script +=
        fmt::format("    {}) options={}", case_of(command), shell_quoted(option_words(command)));
    if (!words.choices.empty()) script += " words=" + shell_quoted(join(words.choices, " "));
    if (words.services) script += " words+=\" $(exai completion services $file 2>/dev/null)\"";
    if (words.files) script += " files=yes";
    script += " ;;\n";
  }
  script +=
      "  esac\n"
      "  [[ $word == -* ]] && words=$options\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  [[ $files && $word != -* ]] && COMPREPLY+=($(compgen -f -- \"$word\"))\n"
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
      "  local command=$words[2] verb= files=\n"
      "  (( CURRENT > 3 )) && verb=$words[3]\n"
      "  case \"$command $verb\" in\n";
  for (const Described& command : with_verbs(commands)) {
    const Words words = words_of(command);
    script += fmt::format("    {}) flags=({})", case_of(command), option_words(command));
    if (!words.choices.empty()) script += fmt::format(" candidates=({})", join(words.choices, " "));
    if (words.services)
      script += " candidates+=(${(f)\"$(exai completion services 2>/dev/null)\"})";
    if (words.files) script += " files=yes";
    script += " ;;\n";
  }
  script +=
      "  esac\n"
      "  if [[ $PREFIX == -* ]]; then compadd -- $flags; else compadd -- $candidates; fi\n"
      "  [[ -n $files && $PREFIX != -* ]] && _files\n"
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
  }
  for (const Described& command : with_verbs(commands)) {
    for (const Declared& option : command.description.options)
      if (!option.positional) script += fish_option(command, option);
    const Words words = words_of(command);
    const std::string seen = fish_seen(command);
    if (words.files) script += fmt::format("complete -c exai {} -F\n", seen);
    for (const Described& verb : command.description.verbs)
      script += fmt::format("complete -c exai {} -a {} -d {}\n", seen, verb_of(verb.name),
                            shell_quoted(verb.summary));
    if (!command.description.verbs.empty()) continue;
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
