#include "cli/args.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

// CLI11 parses; the words people read are ours.
struct Args::Parser {
  struct Choice {
    std::string kind;  // "shell", for the message
    const std::string* given;
    std::vector<std::string> known;
  };

  CLI::App app;
  std::vector<Choice> choices;
  bool help = false;
  bool no_color = false;
  bool json = false;
  std::string file;
  std::string env;
};

namespace {

// "-f,--file" for people: "-f, --file"; without a short form the long one stands under the others.
std::string spelled(const Declared& option) {
  std::string text;
  if (option.positional) return option.names + (option.repeated ? "…" : "");
  for (const std::string& name : split(option.names, ','))
    text += (text.empty() ? (name.starts_with("--") ? "    " : "") : ", ") + name;
  if (!option.placeholder.empty()) text += " " + option.placeholder;
  return text;
}

std::vector<std::string> option_names(const Description& description) {
  std::vector<std::string> names;
  for (const Declared& option : description.options)
    if (!option.positional)
      for (std::string& name : split(option.names, ',')) names.push_back(std::move(name));
  return names;
}

std::string about_stray_word(const std::string& word, const Description& description) {
  if (!word.starts_with("-")) return fmt::format("unexpected word \"{}\"", printable(word));
  const std::string name = word.substr(0, word.find('='));
  std::string text = fmt::format("unknown option {}", printable(name));
  if (const auto meant = closest(name, option_names(description)))
    text += fmt::format("; did you mean {}?", *meant);
  return text;
}

}  // namespace

Args::Args(const Command& command, std::vector<std::string> words)
    : Args(command, std::move(words), Purpose::run) {}

Args::Args(const Command& command, std::vector<std::string> words, Purpose purpose)
    : command_(command),
      words_(std::move(words)),
      purpose_(purpose),
      parser_(std::make_unique<Parser>()) {
  parser_->app.set_help_flag();  // ours below
}

Args::~Args() = default;

void Args::about(std::string_view text) {
  description_.about = text;
}

void Args::flag(std::string_view names, bool& target, std::string_view help) {
  description_.options.push_back({std::string(names), "", std::string(help)});
  parser_->app.add_flag(std::string(names), target);
}

void Args::flag_or_word(std::string_view names, std::string& target, std::string_view help) {
  description_.options.push_back({std::string(names), "", std::string(help)});
  parser_->app.add_flag(std::string(names), target);
}

void Args::number(std::string_view names, std::string_view placeholder, std::size_t& target,
                  std::string_view help) {
  description_.options.push_back({std::string(names), std::string(placeholder), std::string(help)});
  parser_->app.add_option(std::string(names), target);
}

void Args::text(std::string_view names, std::string_view placeholder, std::string& target,
                std::string_view help) {
  description_.options.push_back({std::string(names), std::string(placeholder), std::string(help)});
  parser_->app.add_option(std::string(names), target);
}

void Args::list(std::string_view names, std::string_view placeholder,
                std::vector<std::string>& target, std::string_view help) {
  description_.options.push_back({std::string(names), std::string(placeholder), std::string(help)});
  parser_->app.add_option(std::string(names), target)->expected(1)->take_all();
}

void Args::one_of(std::string_view names, std::string_view placeholder, std::string& target,
                  std::vector<std::string> choices, std::string_view help) {
  parser_->app.add_option(std::string(names), target);
  parser_->choices.push_back({to_lower(std::string(placeholder)), &target, choices});
  description_.options.push_back(
      {std::string(names), std::string(placeholder), std::string(help), std::move(choices)});
}

void Args::words(std::string_view placeholder, std::vector<std::string>& target,
                 std::string_view help) {
  description_.options.push_back({std::string(placeholder), "", std::string(help), {}, true, true});
  parser_->app.add_option(std::string(placeholder), target);
}

void Args::choice(std::string_view placeholder, std::string& target,
                  std::vector<std::string> choices, std::string_view help) {
  const std::string name(placeholder);
  parser_->app.add_option(name, target)->required();
  parser_->choices.push_back({to_lower(name), &target, choices});
  description_.options.push_back({name, "", std::string(help), std::move(choices), true, false});
}

void Args::word(std::string_view placeholder, std::string& target,
                std::vector<std::string> suggestions, std::string_view help) {
  const std::string name(placeholder);
  parser_->app.add_option(name, target);
  description_.options.push_back(
      {name, "", std::string(help), std::move(suggestions), true, false});
}

// A command may have taken a short name for itself (exai logs -f): then only the long one is left.
void Args::declare_common_options() {
  const std::vector<std::string> taken = option_names(description_);
  const auto free_names = [&](const std::string& short_name, const std::string& long_name) {
    const bool free = !contains(taken, short_name);
    return free ? short_name + "," + long_name : long_name;
  };
  const std::string file = free_names("-f", "--file");
  const std::string env = free_names("-e", "--env");
  std::vector<Declared>& options = description_.options;
  options.push_back({file, "FILE", "the stack file (default: the nearest exai.toml)"});
  options.push_back({env, "NAME", "the environment: dev, staging, prod, …"});
  options.push_back({"--no-color", "", "no colours; NO_COLOR does the same"});
  options.push_back({"-h,--help", "", "this page"});
  parser_->app.add_option(file, parser_->file);
  parser_->app.add_option(env, parser_->env);
  parser_->app.add_flag("--no-color", parser_->no_color);
  parser_->app.add_flag("-h,--help", parser_->help);
}

void Args::json() {
  flag("--json", parser_->json, "print JSON");
}

std::optional<Exit> Args::parse(Context& context) {
  Parser& parser = *parser_;
  declare_common_options();
  if (purpose_ == Purpose::describe) return Exit::ok;
  // Help wins over everything else that may be wrong with the line.
  const auto asks_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (std::any_of(words_.begin(), std::find(words_.begin(), words_.end(), "--"), asks_help)) {
    context.out.write(help_page(command_, description_));
    return Exit::ok;
  }

  parser.app.allow_extras();  // so that we, not CLI11, say what is unknown
  try {
    parser.app.parse(std::vector<std::string>(words_.rbegin(), words_.rend()));
  } catch (const CLI::ParseError& error) {
    return misuse(context, error.what());
  }
  for (const std::string& word : parser.app.remaining())
    if (word != "--") return misuse(context, about_stray_word(word, description_));

  for (const Parser::Choice& choice : parser.choices)
    if (!contains(choice.known, *choice.given))
      return misuse(context, unknown_word(choice.kind, *choice.given, choice.known));

  if (!parser.file.empty()) context.file = parser.file;
  if (!parser.env.empty()) context.env = parser.env;
  context.json = parser.json;
  if (parser.no_color) {
    context.out.without_colours();
    context.err.without_colours();
  }
  return std::nullopt;
}

Exit Args::misuse(Context& context, std::string_view problem) const {
  complain(context, Exit::bad_input, problem);
  context.err.print("see exai {} --help\n", command_.name);
  return Exit::bad_input;
}

Description Args::describe(const Command& command, Context& context) {
  Args args(command, {}, Purpose::describe);
  command.run(context, args);
  return std::move(args.description_);
}

std::string help_page(const Command& command, const Description& description) {
  std::string words;
  std::size_t widest = 0;
  for (const Declared& option : description.options) {
    widest = std::max(widest, code_points(spelled(option)));
    if (!option.positional) continue;
    words += option.repeated ? fmt::format(" [{}…]", option.names) : " " + option.names;
  }
  std::string page =
      fmt::format("exai {}: {}\n\nusage: exai {} [options]{}\n\n{}\n\n", command.name,
                  command.summary, command.name, words, description.about);
  for (const Declared& option : description.options) {
    const std::string name = spelled(option);
    page += fmt::format("  {}{}  {}\n", name, std::string(widest - code_points(name), ' '),
                        option.help);
  }
  return page;
}

}  // namespace exai::cli
