// Every rule: a configuration that breaks it, and the whole of what is said about it.
#include <catch2/catch.hpp>
#include <set>

#include "core/config/lint/rules.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

TEST_CASE(
    "CFG001: an unknown key is reported with the one that was meant, and not as missing too") {
  MemoryWorld world = world_with(R"(proces = ["run"]
)");
  CHECK(world.messages() == R"(exai.toml:6:1: error[CFG001]: unknown key "proces" in services.web
    6 | proces = ["run"]
      | ^~~~~~
  help: did you mean "process"?
)");
}

TEST_CASE("CFG001: an unknown option in a layer is reported with the one that was meant") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(REDIS_PROT=1
MY_OWN=1
)");
  CHECK(world.messages() == R"(dev.env:1:1: error[CFG001]: unknown variable "REDIS_PROT"
    1 | REDIS_PROT=1
      | ^~~~~~~~~~
  help: did you mean "REDIS_PORT"?
dev.env:2:1: error[CFG001]: unknown variable "MY_OWN"
    2 | MY_OWN=1
      | ^~~~~~
  help: a variable of your own is declared in the stack file: [stack] variables = ["NAME"]
)");
}

TEST_CASE("CFG001: a service names only variables that exist") {
  MemoryWorld world = world_with(R"(process = ["run"]
secrets = ["KIMI_API_KYE"]
ports = { redis = 7001 }
ready = { redis = "round-trip", password = "NOPE" }
)");
  CHECK(world.messages() == R"(exai.toml:7:12: error[CFG001]: unknown variable "KIMI_API_KYE"
    7 | secrets = ["KIMI_API_KYE"]
      |            ^~~~~~~~~~~~~~
  help: did you mean "KIMI_API_KEY"?
exai.toml:9:44: error[CFG001]: unknown variable "NOPE"
    9 | ready = { redis = "round-trip", password = "****" }
      |                                            ^~~~~~
  help: a variable of your own is declared in the stack file: [stack] variables = ["NAME"]
)");
}

TEST_CASE("CFG002: what is required and missing is reported at its table") {
  MemoryWorld world = world_with(R"(env = { A = "1" }
)");
  CHECK(world.messages() == R"(exai.toml:5:11: error[CFG002]: services.web has no "process"
    5 | [services.web]
      |           ^~~
  help: process: The program and its arguments. It is looked up beside exai and in PATH; no shell is involved.
)");
}

TEST_CASE("CFG002: a check that could mean several ports must name one") {
  MemoryWorld world = world_with(R"(process = ["run"]
ports = { a = 7001, b = 7002 }
ready = { http = "/" }
)");
  CHECK(world.messages() ==
        R"(exai.toml:8:1: error[CFG002]: services.web.ready does not say which port to connect to
    8 | ready = { http = "/" }
      | ^~~~~
  help: add port = one of a, b
)");
}

TEST_CASE("CFG002: a check of a service without ports has nowhere to connect to") {
  MemoryWorld world = world_with(R"(process = ["run"]
ready = { tcp = true }
)");
  CHECK(world.messages() ==
        R"(exai.toml:7:1: error[CFG002]: services.web.ready does not say which port to connect to
    7 | ready = { tcp = true }
      | ^~~~~
  help: give the service a port: ports = { main = 8080 }
)");
}

TEST_CASE("CFG002: a check is of one kind") {
  MemoryWorld world = world_with(R"(process = ["run"]
ready = { every = "1s" }
healthy = { process = true, tcp = true }
)");
  CHECK(
      world.messages() ==
      R"(exai.toml:7:1: error[CFG002]: services.web.ready needs one of http, tcp, redis, command, process, mcp
    7 | ready = { every = "1s" }
      | ^~~~~
exai.toml:8:13: error[CFG002]: services.web.healthy has both "tcp" and "process"
    8 | healthy = { process = true, tcp = true }
      |             ^~~~~~~
  help: keep one of http, tcp, redis, command, process, mcp
  exai.toml:8:29: note: the other one
)");
}

TEST_CASE("CFG003: a value of the wrong type is reported with an example") {
  MemoryWorld world = world_with(R"(process = "run x"
start_timeout = "5"
)");
  CHECK(world.messages() ==
        R"(exai.toml:6:11: error[CFG003]: services.web.process must be a list, not "run x"
    6 | process = "run x"
      |           ^~~~~~~
  help: for example ["redis-server", "--port", "6379"]
exai.toml:7:17: error[CFG003]: services.web.start_timeout must be a duration such as 500ms, 10s or 1m30s, not "5"
    7 | start_timeout = "5"
      |                 ^~~
)");
}

TEST_CASE("CFG003: ports of the wrong type are one finding, not one for each check that needs them") {
  MemoryWorld world = world_with(R"(process = ["run"]
ports = 8080
ready = { tcp = true }
)");
  CHECK(world.messages() ==
        R"(exai.toml:7:9: error[CFG003]: services.web.ports must be a table, not 8080
    7 | ports = 8080
      |         ^~~~
  help: for example { mcp = 8079 }
)");
}

TEST_CASE("CFG003: an option in a layer that is no number is reported at its value") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(EXAI_WS_PORT=80x
KIMI_API_URL=api.example.com
)");
  CHECK(world.messages() ==
        R"(dev.env:1:14: error[CFG003]: EXAI_WS_PORT must be a whole number, not "80x"
    1 | EXAI_WS_PORT=80x
      |              ^~~
dev.env:2:14: error[CFG003]: KIMI_API_URL must be a URL like https://host/path, not "api.example.com"
    2 | KIMI_API_URL=api.example.com
      |              ^~~~~~~~~~~~~~~
)");
}

TEST_CASE("CFG004: a value out of range is reported with the range") {
  MemoryWorld world = world_with(R"(process = ["run"]
ports = { a = 0, b = "70000" }
ready = { process = true, failures = 0 }
)");
  CHECK(world.messages() ==
        R"(exai.toml:7:15: error[CFG004]: services.web.ports.a must be between 1 and 65535, not 0
    7 | ports = { a = 0, b = "70000" }
      |               ^
exai.toml:7:22: error[CFG004]: services.web.ports.b must be a port between 1 and 65535, not "70000"
    7 | ports = { a = 0, b = "70000" }
      |                      ^~~~~~~
exai.toml:8:38: error[CFG004]: services.web.ready.failures must be between 1 and 1000, not 0
    8 | ready = { process = true, failures = 0 }
      |                                      ^
)");
}

TEST_CASE("CFG004: a wrong option is reported where it is set, not again where it is used") {
  MemoryWorld world = world_with(R"(process = ["run"]
ports = { a = "${REDIS_PORT}" }
)",
                                 R"(REDIS_PORT=99999
)");
  CHECK(world.messages() ==
        R"(dev.env:1:12: error[CFG004]: REDIS_PORT must be between 1 and 65535, not "99999"
    1 | REDIS_PORT=99999
      |            ^~~~~
)");
}

TEST_CASE("CFG004: a secret that is too short is reported without its value") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(EXAI_WS_TOKEN="hunter2"
)");
  CHECK(
      world.messages() ==
      R"(dev.env:1:15: error[CFG004]: EXAI_WS_TOKEN is too short: 7 characters, at least 16 are needed
    1 | EXAI_WS_TOKEN="*******"
      |               ^~~~~~~~~
)");
}

TEST_CASE("CFG005: a value that is none of the choices is reported with the one that was meant") {
  MemoryWorld world = world_with(R"(process = ["run"]
restart = { policy = "allways" }
stop = { signal = "SIGTERM" }
)",
                                 R"(LOG_LEVEL=inf
)");
  CHECK(world.messages() ==
        R"(dev.env:1:11: error[CFG005]: LOG_LEVEL must be one of debug, info, warn, error, not "inf"
    1 | LOG_LEVEL=inf
      |           ^~~
  help: did you mean "info"?
exai.toml:7:22: error[CFG005]: services.web.restart.policy must be one of "always", "on-failure", "never", not "allways"
    7 | restart = { policy = "allways" }
      |                      ^~~~~~~~~
  help: did you mean "always"?
exai.toml:8:19: error[CFG005]: services.web.stop.signal must be one of "TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL", not "SIGTERM"
    8 | stop = { signal = "SIGTERM" }
      |                   ^~~~~~~~~
)");
}

TEST_CASE("CFG005: a check names a port that the service has") {
  MemoryWorld world = world_with(R"(process = ["run"]
ports = { health = 7001, main = 7002 }
ready = { http = "/", port = "heatlh" }
)");
  CHECK(world.messages() ==
        R"(exai.toml:8:30: error[CFG005]: services.web.ready.port: the service has no port "heatlh"
    8 | ready = { http = "/", port = "heatlh" }
      |                              ^~~~~~~~
  help: did you mean "health"?
)");
}

TEST_CASE("CFG005: an environment that does not exist is reported, also from the command line") {
  MemoryWorld world = world_with(R"(process = ["run"]
)");
  world.request.environment = "prod";
  CHECK(world.messages() == R"(error[CFG005]: there is no environment "prod"
  help: the stack file has dev
)");
}

TEST_CASE("CFG008: two names of one option with different values are a conflict") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(KIMI_API_URL=https://a
KIMI_BASE_URL=https://b
)");
  CHECK(world.messages() ==
        R"(dev.env:2:1: error[CFG008]: KIMI_API_URL and KIMI_BASE_URL have different values
    2 | KIMI_BASE_URL=https://b
      | ^~~~~~~~~~~~~
  help: they are two names of one option: keep KIMI_API_URL
  dev.env:1:1: note: the other one
)");
}

TEST_CASE("CFG024: a layer does not set what exai gives to every service") {
  MemoryWorld world = world_with(R"(process = ["run"]
)",
                                 R"(TZ=UTC
ENVIRONMENT=prod
)");
  CHECK(world.messages() ==
        R"(dev.env:1:1: error[CFG024]: TZ cannot be set here: exai gives it to every service
    1 | TZ=UTC
      | ^~
  help: change [stack] timezone in the stack file
dev.env:2:1: error[CFG024]: ENVIRONMENT cannot be set here: exai gives it to every service
    2 | ENVIRONMENT=prod
      | ^~~~~~~~~~~
  help: it follows from the stack file and --env
)");
}

TEST_CASE("CFG020: what is no TOML is reported once") {
  MemoryWorld world = world_with(R"(process = ["run
)");
  CHECK(world.messages() ==
        R"(exai.toml:6:12: error[CFG020]: this quote is not closed on its line: "
    6 | process = ["run
      |            ^
  help: add " where the text ends; text of several lines stands between """
)");
}

TEST_CASE("CFG021: a key that is defined twice is reported with the first place") {
  MemoryWorld world = world_with(R"(process = ["run"]
process = ["run"]
)");
  CHECK(world.messages() == R"(exai.toml:7:1: error[CFG021]: "services.web.process" is defined twice
    7 | process = ["run"]
      | ^~~~~~~
  help: keep one of them
  exai.toml:6:1: note: first defined here
)");
}

TEST_CASE("CFG021: a secret is listed once") {
  MemoryWorld world = world_with(R"(process = ["run"]
secrets = ["GLM_API_KEY", "GLM_API_KEY"]
)");
  CHECK(world.messages() ==
        R"(exai.toml:7:27: error[CFG021]: "GLM_API_KEY" is listed twice in services.web.secrets
    7 | secrets = ["GLM_API_KEY", "GLM_API_KEY"]
      |                           ^~~~~~~~~~~~~
  help: remove one
  exai.toml:7:12: note: first listed here
)");
}

TEST_CASE("CFG022: a layer that is not there is reported where it is named") {
  MemoryWorld world = world_with(R"(process = ["run"]
)");
  world.files.erase("dev.env");
  CHECK(world.messages() == R"(exai.toml:4:11: error[CFG022]: there is no file dev.env
    4 | layers = ["dev.env"]
      |           ^~~~~~~~~
  help: paths start at the folder of the stack file; make the file, or end it with "?" when it may be missing
)");
}

TEST_CASE("CFG022: a template that is not there is reported where it is named") {
  MemoryWorld world = world_with(R"(process = ["run"]
render = { "a.conf" = "a.tmpl" }
)");
  CHECK(world.messages() == R"(exai.toml:7:23: error[CFG022]: there is no file a.tmpl
    7 | render = { "a.conf" = "a.tmpl" }
      |                       ^~~~~~~~
  help: paths start at the folder of the stack file; make the file
)");
}

TEST_CASE("CFG022: without a stack file there is nothing to say about it") {
  MemoryWorld world = world_with("");
  world.files.clear();
  CHECK(world.messages() ==
        R"(error[CFG022]: cannot read the stack file: /stack/exai.toml: not there
  help: name another one with --file
)");
}

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
