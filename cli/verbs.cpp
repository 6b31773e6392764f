#include "cli/verbs.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

bool takes_value(std::string_view word) {
  return word == "-f" || word == "--file" || word == "-e" || word == "--env";
}

std::string noun_page(const Command& noun, std::string_view about, std::span<const Command> verbs) {
  std::size_t widest = 0;
  for (const Command& verb : verbs) widest = std::max(widest, verb.name.size());
  std::string page = fmt::format("exai {}: {}\n\nusage: exai {} VERB [options]\n\n{}\n\n",
                                 noun.name, noun.summary, noun.name, about);
  for (const Command& verb : verbs)
    page += fmt::format("  exai {:<{}}  {}\n", verb.name, widest, verb.summary);
  return page + fmt::format("\nmore:  exai {} VERB --help\n", noun.name);
}

void describe_verbs(Context& context, Description& description, std::string_view about,
                    std::span<const Command> verbs) {
  description.about = about;
  for (const Command& verb : verbs)
    description.verbs.push_back(
        {std::string(verb.name), std::string(verb.summary), Args::describe(verb, context)});
}

Exit without_verb(Context& context, const Args& args, const std::vector<std::string>& words,
                  std::string_view about, std::span<const Command> verbs) {
  const auto asks_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (!words.empty() && std::none_of(words.begin(), words.end(), asks_help))
    return args.misuse(context, fmt::format("no verb after {}", printable(words.back())));
  context.out.write(noun_page(args.command(), about, verbs));
  return Exit::ok;
}

}  // namespace

std::string_view verb_of(std::string_view name) {
  return name.substr(name.rfind(' ') + 1);
}

std::optional<std::string> take_leading_word(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("-")) {
      if (words[i] == "-f") words[i] = "--file";
      if (takes_value(words[i])) ++i;
      continue;
    }
    std::string word = std::move(words[i]);
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
    return word;
  }
  return std::nullopt;
}

Exit run_verb(Context& context, Args& args, std::string_view about,
              std::span<const Command> verbs) {
  if (Description* description = args.wanted()) {
    describe_verbs(context, *description, about, verbs);
    return Exit::ok;
  }
  std::vector<std::string> words = args.given();
  const std::optional<std::string> name = take_leading_word(words);
  if (!name) return without_verb(context, args, words, about, verbs);
  const auto verb = std::find_if(verbs.begin(), verbs.end(),
                                 [&](const Command& each) { return verb_of(each.name) == *name; });
  if (verb == verbs.end()) {
    std::vector<std::string> known;
    for (const Command& each : verbs) known.emplace_back(verb_of(each.name));
    return args.misuse(context, unknown_word("verb", *name, known));
  }
  Args rest(*verb, std::move(words));
  return verb->run(context, rest);
}

}  // namespace exai::cli
