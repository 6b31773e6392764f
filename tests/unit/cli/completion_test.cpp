#include "cli/completion_scripts.hpp"

#include <catch2/catch.hpp>

#include "cli/commands.hpp"
#include "screen.hpp"

using namespace exai;
using namespace exai::cli;
using exai::cli::test::Screen;

namespace {

std::string script_of(const std::string& shell) {
  Screen screen;
  REQUIRE(run_command_line(screen.context, {"completion", shell}) == Exit::ok);
  return screen.out;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each shell's script has every command and its options") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    INFO(shell);
    const std::string script = script_of(shell);
    for (const Command& command : commands()) CHECK(contains(script, std::string(command.name)));
    CHECK(contains(script, shell == "fish" ? "-l follow" : "--follow"));
    CHECK(contains(script, shell == "fish" ? "-l env" : "--env"));
    CHECK(contains(script, "exai completion services"));
  }
}

TEST_CASE("the list of commands is complete in its order") {
  std::string words;
  for (const Command& command : commands())
    words += (words.empty() ? "" : " ") + std::string(command.name);
  CHECK(contains(script_of("bash"), "words='" + words + "'"));
}

TEST_CASE("bash completes services where a command takes them, and only there") {
  const std::string script = script_of("bash");
  CHECK(contains(script,
                 "    restart\\ *) options='--json -f --file -e --env --no-color -h --help' "
                 "words+=\" $(exai completion services $file 2>/dev/null)\" ;;"));
  CHECK(contains(script, "words='HUP INT QUIT USR1 USR2 TERM KILL STOP CONT WINCH' words+=\" $(exai"));
  CHECK(contains(script,
                 "    version\\ *) options='--json -f --file -e --env --no-color -h --help' ;;"));
}

TEST_CASE("apostrophes in help texts do not end the shell's quotes") {
  const Described command{"x", "the stack's x", {"", {{"--flag", "", "the service's flag"}}, {}}};
  CHECK(contains(fish_completion({command}), "-d 'the stack'\\''s x'"));
  CHECK(contains(fish_completion({command}), "-l flag -d 'the service'\\''s flag'"));
  CHECK(contains(zsh_completion({command}), "'x:the stack'\\''s x'"));
}

TEST_CASE("a shell that is not known gets the nearest") {
  Screen screen;
  CHECK(run_command_line(screen.context, {"completion", "fisch"}) == Exit::bad_input);
  CHECK(screen.err ==
        "exai: unknown shell \"fisch\"; did you mean \"fish\"?\nsee exai completion --help\n");
}
