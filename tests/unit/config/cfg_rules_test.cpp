// The CFG rules: a configuration that breaks each, and the whole of what is said about it.
#include <catch2/catch.hpp>

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
      R"(exai.toml:7:1: error[CFG002]: services.web.ready needs one of http, tcp, redis, command, process, mcp, notify, log
    7 | ready = { every = "1s" }
      | ^~~~~
exai.toml:8:13: error[CFG002]: services.web.healthy has both "tcp" and "process"
    8 | healthy = { process = true, tcp = true }
      |             ^~~~~~~
  help: keep one of http, tcp, redis, command, process, mcp, notify, log
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

TEST_CASE(
    "CFG003: ports of the wrong type are one finding, not one for each check that needs them") {
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

}  // namespace exai::config::test
