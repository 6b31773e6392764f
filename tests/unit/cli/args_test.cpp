#include "cli/args.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/commands.hpp"
#include "core/base/text.hpp"
#include "screen.hpp"

using namespace exai;
using namespace exai::cli;
using exai::cli::test::Screen;

namespace {

// A command of the tests' own: what it was given stands in its output.
Exit sample(Context& context, Args& args) {
  bool follow = false;
  std::size_t tail = 7;
  std::vector<std::string> services;
  args.about("A sample.");
  args.flag("-f,--follow", follow, "go on");
  args.number("-n,--tail", "N", tail, "how many");
  args.words("SERVICE", services, "only these");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  context.out.print("follow={} tail={} services={} json={} file={} env={}", follow, tail,
                    join(services, "+"), context.json, context.file ? context.file->string() : "-",
                    context.env.value_or("-"));
  return Exit::ok;
}

constexpr Command kSample{"sample", "a sample", sample};

Exit run(Screen& screen, std::vector<std::string> words) {
  Args args(kSample, std::move(words));
  return kSample.run(screen.context, args);
}

}  // namespace

TEST_CASE("options and words reach the command wherever they stand") {
  Screen screen;
  CHECK(run(screen, {"a", "-f", "--file", "x.toml", "b", "--tail=3", "-e", "prod", "--json"}) ==
        Exit::ok);
  CHECK(screen.out == "follow=true tail=3 services=a+b json=true file=x.toml env=prod");
}

TEST_CASE("defaults stay when nothing is given") {
  Screen screen;
  CHECK(run(screen, {}) == Exit::ok);
  CHECK(screen.out == "follow=false tail=7 services= json=false file=- env=-");
}

TEST_CASE("misuse is one line, the nearest word, and where to read more") {
  struct Row {
    std::vector<std::string> words;
    std::string says;
  };
  const std::vector<Row> rows = {
      {{"--folow"}, "exai: unknown option --folow; did you mean --follow?\n"},
      {{"--fiel=x"}, "exai: unknown option --fiel; did you mean --file?\n"},
      {{"--zzzzzzzz"}, "exai: unknown option --zzzzzzzz\n"},
  };
  for (const Row& row : rows) {
    Screen screen;
    CHECK(run(screen, row.words) == Exit::bad_input);
    CHECK(screen.err == row.says + "see exai sample --help\n");
    CHECK(screen.out.empty());
  }
}

TEST_CASE("a value that is no number is misuse") {
  Screen screen;
  CHECK(run(screen, {"--tail", "many"}) == Exit::bad_input);
  CHECK(screen.err.find("many") != std::string::npos);
  CHECK(std::count(screen.err.begin(), screen.err.end(), '\n') == 2);
}

TEST_CASE("help wins over everything else on the line") {
  Screen screen;
  CHECK(run(screen, {"--nonsense", "-h"}) == Exit::ok);
  CHECK(screen.out ==
        "exai sample: a sample\n\n"
        "usage: exai sample [options] [SERVICE…]\n\n"
        "A sample.\n\n"
        "  -f, --follow     go on\n"
        "  -n, --tail N     how many\n"
        "  SERVICE…         only these\n"
        "      --json       print JSON\n"
        "      --file FILE  the stack file (default: the nearest exai.toml)\n"
        "  -e, --env NAME   the environment: dev, staging, prod, …\n"
        "      --no-color   no colours; NO_COLOR does the same\n"
        "  -h, --help       this page\n");
}

TEST_CASE("a mistyped command gets the nearest one") {
  Screen screen;
  CHECK(run_command_line(screen.context, {"statsu"}) == Exit::bad_input);
  CHECK(screen.err ==
        "exai: unknown command \"statsu\"; did you mean \"status\"?\nsee exai --help\n");
}

TEST_CASE("a word that is no command at all gets the list") {
  Screen screen;
  CHECK(run_command_line(screen.context, {"xyzzyplugh"}) == Exit::bad_input);
  CHECK(screen.err.find("there is validate, up, down") != std::string::npos);
}

TEST_CASE("exai alone shows its commands") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"--help"}, {"help"}, {"-h"}}) {
    Screen screen;
    CHECK(run_command_line(screen.context, words) == Exit::ok);
    CHECK(screen.out == overview());
  }
  for (const Command& command : commands())
    CHECK(overview().find(std::string(command.summary)) != std::string::npos);
}

TEST_CASE("options that every command has may stand before it") {
  Screen screen;
  CHECK(run_command_line(screen.context, {"--env", "prod", "--file", "x", "version"}) == Exit::ok);
  CHECK(screen.out.starts_with("exai "));
  CHECK(screen.context.env == "prod");
}

TEST_CASE("before the command -f names the file, whatever the command makes of it") {
  Screen screen;
  screen.context.environment["EXAI_STATE_DIR"] = "/nowhere";
  CHECK(run_command_line(screen.context, {"-f", "/nowhere/exai.toml", "logs"}) == Exit::bad_input);
  CHECK(screen.context.file == "/nowhere/exai.toml");
}

TEST_CASE("options without a command are misuse") {
  Screen screen;
  CHECK(run_command_line(screen.context, {"--env", "prod"}) == Exit::bad_input);
  CHECK(screen.err == "exai: no command after prod\nsee exai --help\n");
}

TEST_CASE("every command has help that fits one screen") {
  for (const Command& command : commands()) {
    INFO(command.name);
    Screen screen;
    CHECK(run_command_line(screen.context, {std::string(command.name), "--help"}) == Exit::ok);
    const std::vector<std::string> lines = split(screen.out, '\n');
    // validate has as many options as all others together.
    CHECK(lines.size() <= (command.name == "validate" ? 36 : 24));
    CHECK(lines.size() >= 8);
    for (const std::string& line : lines) CHECK(code_points(line) <= 90);
    CHECK(screen.out.find("usage: exai " + std::string(command.name)) != std::string::npos);
  }
}

TEST_CASE("exai help COMMAND is the page of the command") {
  Screen asked;
  Screen expected;
  CHECK(run_command_line(asked.context, {"help", "up"}) == Exit::ok);
  CHECK(run_command_line(expected.context, {"up", "--help"}) == Exit::ok);
  CHECK(asked.out == expected.out);
}

TEST_CASE("version prints one line, or an object") {
  Screen text;
  CHECK(run_command_line(text.context, {"version"}) == Exit::ok);
  CHECK(std::count(text.out.begin(), text.out.end(), '\n') == 1);
  Screen object;
  CHECK(run_command_line(object.context, {"version", "--json"}) == Exit::ok);
  const auto parsed = parse_json_object(object.out);
  REQUIRE(parsed);
  CHECK(find_string(*parsed, "name") == "exai");
  CHECK(find_string(*parsed, "version"));
}

TEST_CASE("colours are never used with --no-color") {
  std::string written;
  const Stream::Traits terminal{true, Colours::on, 80};
  const auto sink = [&](std::string_view text) { written += text; };
  Context context{{}, Stream(sink, terminal), Stream(sink, terminal)};
  CHECK(run_command_line(context, {"version", "--no-color"}) == Exit::ok);
  CHECK(context.out.paint(Tone::bad, "x") == "x");
  CHECK(context.err.paint(Tone::bad, "x") == "x");
}
