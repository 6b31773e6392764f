#include "cli/verbs.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "cli/commands.hpp"
#include "cli/completion_scripts.hpp"
#include "core/base/text.hpp"
#include "screen.hpp"

using namespace exai;
using namespace exai::cli;
using exai::cli::test::Screen;

namespace {

Exit boil(Context& context, Args& args) {
  std::string how = "soft";
  std::vector<std::string> files;
  args.about("Boils.");
  args.one_of("--how", "WAY", how, {"soft", "hard"}, "soft or hard");
  args.words("FILE", files, "the eggs");
  if (const auto done = args.parse(context)) return *done;
  context.out.print("{} {} env={}", how, join(files, "+"), context.env.value_or("-"));
  return Exit::ok;
}

Exit fry(Context& context, Args& args) {
  std::string in = "butter";
  args.about("Fries.");
  args.text("--in", "FAT", in, "in what");
  if (const auto done = args.parse(context)) return *done;
  context.out.print("in {}", in);
  return Exit::ok;
}

Exit egg(Context& context, Args& args) {
  static constexpr std::array kVerbs = {Command{"egg boil", "boil eggs", boil},
                                        Command{"egg fry", "fry eggs", fry}};
  return run_verb(context, args, "What is done with eggs.", kVerbs);
}

constexpr Command kEgg{"egg", "cook eggs", egg};

Exit run(Screen& screen, std::vector<std::string> words) {
  Args args(kEgg, std::move(words));
  return kEgg.run(screen.context, args);
}

constexpr std::string_view kPage =
    "exai egg: cook eggs\n\n"
    "usage: exai egg VERB [options]\n\n"
    "What is done with eggs.\n\n"
    "  exai egg boil  boil eggs\n"
    "  exai egg fry   fry eggs\n\n"
    "more:  exai egg VERB --help\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a verb gets the rest of the line") {
  Screen screen;
  CHECK(run(screen, {"boil", "a", "--how", "hard", "b"}) == Exit::ok);
  CHECK(screen.out == "hard a+b env=-");
}

TEST_CASE("options that every command has may stand before the verb") {
  Screen screen;
  CHECK(run(screen, {"-e", "prod", "-f", "x.toml", "boil"}) == Exit::ok);
  CHECK(screen.out == "soft  env=prod");
  CHECK(screen.context.file == "x.toml");
}

TEST_CASE("a noun alone, or asked for help, shows its verbs") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"--help"}, {"-h"}}) {
    Screen screen;
    CHECK(run(screen, words) == Exit::ok);
    CHECK(screen.out == kPage);
  }
}

TEST_CASE("a verb has a page of its own") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"fry", "--help"}, {"--help", "fry"}}) {
    Screen screen;
    CHECK(run(screen, words) == Exit::ok);
    CHECK(screen.out.starts_with("exai egg fry: fry eggs\n\nusage: exai egg fry [options]\n"));
  }
}

TEST_CASE("misuse of a noun is one line and where to read more") {
  struct Row {
    std::vector<std::string> words;
    std::string_view says;
  };
  const std::vector<Row> rows = {
      {{"biol"}, "exai: unknown verb \"biol\"; did you mean \"boil\"?\nsee exai egg --help\n"},
      {{"peel"}, "exai: unknown verb \"peel\"; there is boil, fry\nsee exai egg --help\n"},
      {{"--env", "prod"}, "exai: no verb after prod\nsee exai egg --help\n"},
      {{"fry", "--no"}, "exai: unknown option --no; did you mean --in?\nsee exai egg fry --help\n"},
      {{"boil", "--how", "haard"},
       "exai: unknown way \"haard\"; did you mean \"hard\"?\nsee exai egg boil --help\n"},
  };
  for (const Row& row : rows) {
    Screen screen;
    CHECK(run(screen, row.words) == Exit::bad_input);
    CHECK(screen.err == row.says);
    CHECK(screen.out.empty());
  }
}

TEST_CASE("every verb of every command has help that fits one screen") {
  Screen nothing;
  for (const Command& command : commands())
    for (const Described& verb : Args::describe(command, nothing.context).verbs) {
      INFO(verb.name);
      Screen asked;
      Screen helped;
      std::vector<std::string> words = split(verb.name, ' ');
      words.emplace_back("--help");
      CHECK(run_command_line(asked.context, words) == Exit::ok);
      words.pop_back();
      words.insert(words.begin(), "help");
      CHECK(run_command_line(helped.context, words) == Exit::ok);
      CHECK(asked.out == helped.out);
      const std::vector<std::string> lines = split(asked.out, '\n');
      CHECK(lines.size() <= 32);
      for (const std::string& line : lines) CHECK(code_points(line) <= 90);
      CHECK(contains(asked.out, "usage: exai " + verb.name));
    }
}

TEST_CASE("completion offers verbs after the noun and a verb's words after the verb") {
  Screen nothing;
  const Described described{"egg", "cook eggs", Args::describe(kEgg, nothing.context)};
  const std::string bash = bash_completion({described});
  CHECK(contains(bash, "    ' ') words='egg' ;;\n"));
  CHECK(contains(bash, "    'egg ') options='' words='boil fry' ;;\n"));
  CHECK(contains(bash,
                 "    'egg boil') options='--how -f --file -e --env --no-color -h --help' files=yes"
                 " ;;\n"));
  const std::string zsh = zsh_completion({described});
  CHECK(contains(zsh, "    'egg ') flags=() candidates=(boil fry) ;;\n"));
  CHECK(contains(zsh, "    'egg fry') flags=(--in -f --file -e --env --no-color -h --help) ;;\n"));
  const std::string fish = fish_completion({described});
  CHECK(contains(fish,
                 "complete -c exai -n '__fish_seen_subcommand_from egg; and not "
                 "__fish_seen_subcommand_from boil fry' -a boil -d 'boil eggs'\n"));
  CHECK(contains(fish,
                 "complete -c exai -n '__fish_seen_subcommand_from egg; and "
                 "__fish_seen_subcommand_from boil' -F\n"));
}
