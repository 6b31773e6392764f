// Comments that allow a finding, and what is said about those that cannot.
#include "core/config/allow.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

// A project whose layer says `layer`.
MemoryWorld world_of(const std::string& layer) {
  MemoryWorld world = world_with("process = [\"run\"]\n", layer);
  world.request.scope = Scope::project;
  return world;
}

}  // namespace

TEST_CASE("a comment on the line, or alone above it, allows a finding") {
  const auto layer =
      GENERATE(as<std::string>(), "KIMI_API_KEY=changeme # exai:allow SEC005 only for tests\n",
               "KIMI_API_KEY=changeme\t#exai:allow SEC005 only for tests\r\n",
               "# exai:allow SEC005 only for tests\nKIMI_API_KEY=changeme\n",
               "  # exai:allow SEC005 only for tests\n# a key\nKIMI_API_KEY=changeme");
  const MemoryWorld world = world_of(layer);
  CHECK(world.messages().find("SEC005") == std::string::npos);
  CHECK(world.load().allowed == 1);
  CHECK(world.load().stack != nullptr);
}

TEST_CASE("several comments in a row allow several findings of the line below") {
  const MemoryWorld world =
      world_of("# exai:allow SEC005 a test\n# exai:allow ENV006 a test\nKIMI_API_KEY=changeme\n");
  CHECK(world.messages() ==
        "dev.env:2:3: info[CFG027]: there is no ENV006 here to allow\n"
        "    2 | # exai:allow ENV006 a test\n"
        "      |   ^~~~~~~~~~~~~~~~~\n"
        "  help: remove the comment, or move it to the line it is about\n");
}

TEST_CASE("a comment behind something is not about the next line") {
  const MemoryWorld world =
      world_of("LOG_LEVEL=info # exai:allow SEC005 not here\nKIMI_API_KEY=changeme\n");
  CHECK(world.messages() ==
        "dev.env:1:18: info[CFG027]: there is no SEC005 here to allow\n"
        "    1 | LOG_LEVEL=info # exai:allow SEC005 not here\n"
        "      |                  ^~~~~~~~~~~~~~~~~\n"
        "  help: remove the comment, or move it to the line it is about\n"
        "dev.env:2:14: error[SEC005]: KIMI_API_KEY still has the value of an example\n"
        "    2 | KIMI_API_KEY=********\n"
        "      |              ^~~~~~~~\n"
        "  help: put the real secret there, or remove it\n");
}

TEST_CASE("an empty line ends what a comment is about, whatever stands behind it") {
  for (const char* between : {"\n", "\n# a key\n", "  \n\n# a key\n"})
    CHECK(world_of("# exai:allow SEC005 far away\n" + std::string(between) +
                   "KIMI_API_KEY=changeme\n")
              .messages()
              .find("CFG027") != std::string::npos);
}

TEST_CASE("what cannot be allowed says why") {
  using Row = std::tuple<std::string, std::string, std::string>;
  const auto [comment, message, help] = GENERATE(table<std::string, std::string, std::string>({
      Row{"exai:allow", "this allows nothing: it names no rule", "write # exai:allow CODE reason"},
      Row{"exai:allow SEC05 x", "no rule is called SEC05", "did you mean SEC005?"},
      Row{"exai:allow NONSENSE x", "no rule is called NONSENSE",
          "exai validate --list-rules shows them all"},
      Row{"exai:allow SEC005", "SEC005 is allowed without a reason",
          "say why: # exai:allow SEC005 reason"},
      Row{"exai:allow ENV001 x",
          "ENV001 cannot be allowed: nothing could be started from such a file",
          "put right what it is about, then remove this comment"},
  }));
  const Loaded loaded = world_of("# " + comment + "\nLOG_LEVEL=info\n").load();
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].code == "CFG026");
  CHECK(loaded.diagnostics[0].severity == Severity::warning);
  CHECK(loaded.diagnostics[0].message == message);
  CHECK(loaded.diagnostics[0].help == help);
}

TEST_CASE("syntax errors stay, whatever a comment says") {
  const Loaded loaded = world_of("# exai:allow ENV001 no matter\nLOG_LEVEL='info\n").load();
  std::string codes;
  for (const Diagnostic& one : loaded.diagnostics) codes += one.code + " ";
  CHECK(codes == "CFG026 ENV001 ");
  CHECK(loaded.stack == nullptr);
}

TEST_CASE("a stack file is allowed things, too") {
  MemoryWorld world = world_of("");
  world.files["exai.toml"] += "# exai:allow CFG001 for a program of ours\nowner = \"ann\"\n";
  CHECK(world.messages() == "");
}

TEST_CASE("only a comment of its own allows: not the words inside a text or an address") {
  CHECK(world_of("# see https://exai:allow SEC005 x\n# not-exai:allow SEC005 x\n").messages() ==
        "");
}

TEST_CASE("up does not speak of allowances that only the whole project could use") {
  MemoryWorld world = world_of("# exai:allow SEC005 for validate\nLOG_LEVEL=info\n");
  world.request.scope = Scope::stack;
  CHECK(world.messages() == "");
}

TEST_CASE("what stands in a secret is not repeated") {
  const std::string messages = world_of("KIMI_API_KEY=k4n4ry # exai:allow k4n4ry x\n").messages();
  CHECK_THAT(messages, Catch::Contains("no rule has this code"));
  CHECK_THAT(messages, !Catch::Contains("k4n4ry"));
}

}  // namespace exai::config::test
