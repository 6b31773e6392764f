// The rules of the other families (cfg_rules_test.cpp has CFG): a configuration that breaks each,
// and the whole of what is said about it.
#include <catch2/catch.hpp>
#include <set>

#include "core/config/lint/rules.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

TEST_CASE("CMD001: a program that is not on this machine is reported") {
  MemoryWorld world = world_with(R"(process = ["runn", "x"]
ready = { command = ["/bin/prove"] }
)");
  CHECK(world.messages() == R"(exai.toml:6:12: error[CMD001]: there is no program "runn"
    6 | process = ["runn", "x"]
      |            ^~~~~~
  help: it was looked for beside exai and in PATH; install it, or write its path
exai.toml:7:22: error[CMD001]: there is no program "/bin/prove"
    7 | ready = { command = ["/bin/prove"] }
      |                      ^~~~~~~~~~~~
  help: the file must exist and be executable
)");
}

TEST_CASE("DEP001: a circle of dependencies is shown whole, with all its places") {
  MemoryWorld world = world_with(R"(process = ["run"]
needs = { b = "ready" }
[services.b]
process = ["run"]
needs = { c = "ready" }
[services.c]
process = ["run"]
needs = { web = "started" }
[services.d]
process = ["run"]
needs = { d = "ready", web = "ready" }
)");
  CHECK(
      world.messages() ==
      R"(exai.toml:7:11: error[DEP001]: services wait for each other in a circle: web → b → c → web
    7 | needs = { b = "ready" }
      |           ^
  help: remove one of these needs
  exai.toml:10:11: note: b needs c
  exai.toml:13:11: note: c needs web
exai.toml:16:11: error[DEP001]: services wait for each other in a circle: d → d
   16 | needs = { d = "ready", web = "ready" }
      |           ^
  help: remove one of these needs
)");
}

TEST_CASE("DEP001: a dependency that does not exist is reported with the one that was meant") {
  MemoryWorld world = world_with(R"(process = ["run"]
needs = { rediss = "ready", postgres = "ready" }
[services.redis]
process = ["run"]
)");
  CHECK(world.messages() ==
        R"(exai.toml:7:11: error[DEP001]: web needs "rediss", which is no service
    7 | needs = { rediss = "ready", postgres = "ready" }
      |           ^~~~~~
  help: did you mean "redis"?
exai.toml:7:29: error[DEP001]: web needs "postgres", which is no service
    7 | needs = { rediss = "ready", postgres = "ready" }
      |                             ^~~~~~~~
  help: the services are web, redis
)");
}

TEST_CASE("ENV001: a quote in a layer that is never closed is reported where it opens") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(REDIS_HOST='a
REDIS_DB=1
)");
  CHECK(world.messages() == R"(dev.env:1:12: error[ENV001]: this quote is never closed: '
    1 | REDIS_HOST='a
      |            ^
  help: add ' where the value ends
)");
}

TEST_CASE("ENV002: a name that cannot be one is reported") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(REDIS-HOST!=a
REDIS PORT=1
)");
  CHECK(world.messages() == R"(dev.env:1:11: error[ENV002]: ! is not allowed in a name
    1 | REDIS-HOST!=a
      |           ^
  help: names are letters, digits, "_", "-" and "."; comments begin with "#"
dev.env:2:1: error[ENV002]: a name cannot contain a space: "REDIS PORT"
    2 | REDIS PORT=1
      | ^~~~~~~~~~
  help: names are letters, digits, "_", "-" and "."; comments begin with "#"
)");
}

TEST_CASE("ENV003: a reference that cannot be read is reported inside the text") {
  MemoryWorld world = world_with(R"(process = ["run", "é ${REDIS_HOST!}"]
)",
                                 R"(REDIS_HOST=${X
)");
  CHECK(world.messages() == R"(dev.env:1:12: error[ENV003]: "${" is never closed on its line
    1 | REDIS_HOST=${X
      |            ^~~
  help: a plain dollar is written $$, or goes into single quotes
exai.toml:6:22: error[ENV003]: after the name comes "}" or one of ":-", "-", ":+", "+", ":?", "?"
    6 | process = ["run", "é ${REDIS_HOST!}"]
      |                      ^~~~~~~~~~~~~
  help: a plain dollar is written $$
)");
}

TEST_CASE("ENV004: a comment that becomes a value is reported, and only as that") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(LOG_LEVEL=   # debug or info
)");
  CHECK(world.messages() ==
        R"(dev.env:1:14: error[ENV004]: this comment becomes the value of LOG_LEVEL
    1 | LOG_LEVEL=   # debug or info
      |              ^~~~~~~~~~~~~~~
  help: put the comment on a line of its own and write LOG_LEVEL=
)");
}

TEST_CASE("ENV006: a name that is set twice in a file is reported with the first place") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(REDIS_DB=1
REDIS_DB=2
)");
  CHECK(world.messages() == R"(dev.env:2:1: error[ENV006]: REDIS_DB is set twice in this file
    2 | REDIS_DB=2
      | ^~~~~~~~
  help: keep one of them; the last one counts
  dev.env:1:1: note: first set here
)");
}

TEST_CASE("ENV007: a name without a value is a warning") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(REDIS_DB
END)");
  CHECK(
      world.messages() ==
      R"(dev.env:1:1: warning[ENV007]: REDIS_DB has no "=": its value comes from the environment of whoever runs exai
    1 | REDIS_DB
      | ^~~~~~~~
  help: write REDIS_DB=value
dev.env:2:1: warning[ENV007]: this line is neither a name nor a value
    2 | END
      | ^~~
  help: write NAME=value, and end the file with a newline
)");
}

TEST_CASE("ENV008: text behind a closing quote is reported") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(REDIS_HOST="a"b
REDIS_DB="1" REDIS_PORT=2
)");
  CHECK(world.messages() == R"(dev.env:1:15: error[ENV008]: text behind a closing quote is lost
    1 | REDIS_HOST="a"b
      |               ^
  help: put it inside the quotes, or a "#" in front of a comment
dev.env:2:14: error[ENV008]: this is a statement of its own, behind a closing quote
    2 | REDIS_DB="1" REDIS_PORT=2
      |              ^~~~~~~~~~
  help: put it on a line of its own
)");
}

TEST_CASE("ENV015: bytes that are no text are reported") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 "REDIS_HOST=a\xff\n");
  CHECK(world.messages() == R"(dev.env:1:13: error[ENV015]: this byte is not UTF-8 text
    1 | REDIS_HOST=a\xff
      |             ^~~~
  help: save the file as UTF-8
)");
}

TEST_CASE("ENV018: a reference to nothing is reported inside the text") {
  MemoryWorld world = world_with(R"(process = ["run", "é ${NOPE} ${REDIS_HSOT}", "${X:?say X}"]
)",
                                 R"(REDIS_HOST=$NOWHERE
)");
  CHECK(world.messages() == R"(dev.env:1:12: error[ENV018]: NOWHERE is not set
    1 | REDIS_HOST=$NOWHERE
      |            ^~~~~~~~
  help: set it above or in an earlier file; write ${NOWHERE:-} if it may be empty, or single quotes if "$" is meant
exai.toml:6:22: error[ENV018]: NOPE is not set
    6 | process = ["run", "é ${NOPE} ${REDIS_HSOT}", "${X:?say X}"]
      |                      ^~~~~~~
  help: set it in a layer of dev, or write ${NOPE:-default}
exai.toml:6:30: error[ENV018]: REDIS_HSOT is not set
    6 | process = ["run", "é ${NOPE} ${REDIS_HSOT}", "${X:?say X}"]
      |                              ^~~~~~~~~~~~~
  help: did you mean REDIS_HOST?
exai.toml:6:47: error[ENV018]: X: say X
    6 | process = ["run", "é ${NOPE} ${REDIS_HSOT}", "${X:?say X}"]
      |                                               ^~~~~~~~~~~
)");
}

TEST_CASE("ENV018: a reference to nothing in a template is reported there") {
  MemoryWorld world = world_with(R"(process = ["run"]
render = { "a.conf" = "a.tmpl" }
)");
  world.files["a.tmpl"] = "port ${REDIS_PORT}\npass ${REDIS_PASSWORD}\n";
  CHECK(world.messages() == R"(a.tmpl:2:6: error[ENV018]: REDIS_PASSWORD is not set
    2 | pass ${REDIS_PASSWORD}
      |      ^~~~~~~~~~~~~~~~~
  help: set it in the environment, or have it generated: [secrets.REDIS_PASSWORD] generate = 32
)");
}

TEST_CASE("PRT001: a port that is used twice is reported at both places") {
  MemoryWorld world = world_with(R"(process = ["run"]
ports = { redis = "${REDIS_PORT}" }
[services.b]
process = ["run"]
ports = { main = 6379 }
)");
  CHECK(
      world.messages() ==
      R"(exai.toml:10:18: error[PRT001]: port 6379 is used twice: by web's port "redis" and by b's port "main"
   10 | ports = { main = 6379 }
      |                  ^~~~
  help: give one of them another port
  exai.toml:7:19: note: first used here
)");
}

TEST_CASE("SEC003: a secret in a command line or an environment is reported") {
  MemoryWorld world = world_with(R"(process = ["run", "--password=${REDIS_PASSWORD}"]
env = { KEY = "$KIMI_API_KEY" }
)");
  CHECK(
      world.messages() ==
      R"(exai.toml:6:31: error[SEC003]: REDIS_PASSWORD is a secret; services.web.process[1] would show it to everybody
    6 | process = ["run", "--password=${REDIS_PASSWORD}"]
      |                               ^~~~~~~~~~~~~~~~
  help: list it in the service's secrets and read the file that REDIS_PASSWORD_FILE names, or use it in a rendered template
exai.toml:7:16: error[SEC003]: KIMI_API_KEY is a secret; services.web.env.KEY would show it to everybody
    7 | env = { KEY = "$KIMI_API_KEY" }
      |                ^~~~~~~~~~~~~
  help: list it in the service's secrets and read the file that KIMI_API_KEY_FILE names, or use it in a rendered template
)");
}

TEST_CASE("SEC005: a secret from an example is reported, without showing it") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(KIMI_API_KEY=your_kimi_key_here
)");
  world.request.process_environment = {{"GLM_API_KEY", "changeme123"}};
  CHECK(
      world.messages() ==
      R"(error[SEC005]: GLM_API_KEY still has the value of an example (from the process environment)
  help: put the real secret there, or remove it
dev.env:1:14: error[SEC005]: KIMI_API_KEY still has the value of an example
    1 | KIMI_API_KEY=******************
      |              ^~~~~~~~~~~~~~~~~~
  help: put the real secret there, or remove it
)");
}

TEST_CASE("a stack without mistakes has no messages") {
  CHECK(world_with("process = [\"run\"]\n").messages().empty());
}

TEST_CASE("in a strict environment warnings are errors") {
  MemoryWorld world = world_with("process = [\"run\"]\n", "REDIS_DB\n");
  CHECK(world.load().stack != nullptr);
  std::string& text = world.files["exai.toml"];
  text.insert(text.find("layers"), "strict = true\n");
  CHECK(world.load().stack == nullptr);
  CHECK(world.load().diagnostics.at(0).severity == Severity::error);
}

TEST_CASE("what is only guessed stays a warning in a strict environment, too") {
  MemoryWorld world = world_with("process = [\"run\"]\n", "# asked often\nPOLL_INTERVAL=30\n");
  std::string& text = world.files["exai.toml"];
  text.insert(text.find("[environments"), "variables = [\"POLL_INTERVAL\"]\n");
  text.insert(text.find("layers"), "strict = true\n");
  const Loaded loaded = world.load();
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].code == "CFG006");
  CHECK(loaded.diagnostics[0].severity == Severity::warning);
  CHECK(loaded.stack != nullptr);
}

TEST_CASE("the catalogue is complete: every rule has a name of its own and a line") {
  std::set<std::string_view> names;
  for (const Rule& rule : rules()) {
    INFO(rule.code);
    CHECK(find_rule(rule.code) == &rule);
    CHECK_FALSE(rule.docs.empty());
    CHECK(names.insert(rule.name).second);
    CHECK_FALSE(rule.summary.empty());
  }
  CHECK(find_rule("XXX999") == nullptr);
}

}  // namespace exai::config::test
