// Compose projects: what services come out of files that are laid over each other, who gives them
// their variables, and what is said about files that Compose would refuse.
#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "core/config/compose.hpp"
#include "core/config/yaml_scalar.hpp"
#include "tests/unit/config/memory_files.hpp"

namespace exai::config::test {

namespace {

struct World {
  std::map<std::string, std::string> files;  // below /p
  ComposeRequest request = [] {
    ComposeRequest made;
    made.folder = "/p";
    return made;
  }();

  ComposeProject load() const {
    Facilities world;
    world.read = reads_from(files, "/p");
    return load_compose(request, world);
  }
};

std::string messages(const World& world) {
  Diagnostics found = world.load().diagnostics;
  sort_and_unique(found);
  return render(found);
}

std::string messages(const std::string& compose) {
  return messages(World{{{"compose.yaml", compose}}});
}

std::string column(const Span& span) {
  return fmt::format("{}:{}-{}", span.begin.line, span.begin.column, span.end.column);
}

ComposeService service(const World& world, const std::string& name) {
  const ComposeProject project = world.load();
  INFO(render(project.diagnostics));
  REQUIRE_FALSE(has_errors(project.diagnostics));
  const ComposeService* found = project.find(name);
  REQUIRE(found != nullptr);
  return *found;
}

// A service of one file, from its keys.
ComposeService service(const std::string& keys) {
  return service(World{{{"compose.yaml",
                         "services:\n  a:\n    image: x:1\n" + keys + "volumes: {data: null}\n"}}},
                 "a");
}

// "NAME=value < value < …", the winner first; "-" for no value.
std::string environment(const ComposeService& of) {
  std::string text;
  for (const EffectiveVariable& variable : effective_environment(of)) {
    text += variable.name + "=";
    for (const ComposeVariable& one : variable.chain)
      text += (&one == &variable.chain[0] ? "" : " < ") + one.value.value_or("-");
    text += "\n";
  }
  return text;
}

std::string ports(const ComposeService& of) {
  std::string text;
  for (const ComposePort& port : of.ports)
    text += fmt::format("{}|{}-{}|{}-{}|{}\n", port.host_ip, port.host ? port.host->first : -1,
                        port.host ? port.host->last : -1, port.container.first, port.container.last,
                        port.protocol);
  return text;
}

std::string mounts(const ComposeService& of) {
  std::string text;
  for (const ComposeMount& mount : of.volumes)
    text += fmt::format("{}|{}|{}|{}|{}\n", mount.type, mount.source, mount.host_path.string(),
                        mount.target, mount.read_only ? "ro" : "rw");
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += "[" + word + "]";
  return text;
}

}  // namespace

TEST_CASE("ports of both forms are ports") {
  CHECK(ports(service("    ports:\n"
                      "      - 80\n"
                      "      - \"8080:80\"\n"
                      "      - 127.0.0.1:5000-5001:6000-6001/udp\n"
                      "      - \"[::1]:81:81\"\n"
                      "      - {target: 90, published: \"9000-9001\", host_ip: 10.0.0.1}\n")) ==
        "|-1--1|80-80|tcp\n"
        "|8080-8080|80-80|tcp\n"
        "127.0.0.1|5000-5001|6000-6001|udp\n"
        "::1|81-81|81-81|tcp\n"
        "10.0.0.1|9000-9001|90-90|tcp\n");
  const ComposeService made = service("    ports: [\"127.0.0.1:8080:80\"]\n");
  CHECK(column(made.ports[0].span) == "4:13-32");
  CHECK(column(made.ports[0].host_span) == "4:24-28");
  CHECK(column(made.ports[0].container_span) == "4:29-31");
}

TEST_CASE("mounts of both forms are mounts") {
  CHECK(mounts(service("    volumes:\n"
                       "      - data:/data:ro\n"
                       "      - ./conf:/conf\n"
                       "      - /anonymous\n"
                       "      - {type: bind, source: ../up, target: /up, read_only: true}\n")) ==
        "volume|data||/data|ro\n"
        "bind|./conf|/p/conf|/conf|rw\n"
        "volume|||/anonymous|rw\n"
        "bind|../up|/up|/up|ro\n");
}

TEST_CASE("commands, health checks, limits and times") {
  const ComposeService made = service(
      "    command: run --name 'a b' c\\ d\n"
      "    entrypoint: [\"tini\", \"--\"]\n"
      "    healthcheck: {test: curl -f localhost, interval: 1m30s, retries: 3}\n"
      "    deploy: {resources: {limits: {memory: 1.5g, cpus: '0.5'}}}\n"
      "    stop_grace_period: 500ms\n");
  CHECK(joined(made.command->words) == "[run][--name][a b][c d]");
  CHECK(joined(made.entrypoint->words) == "[tini][--]");
  CHECK(joined(made.healthcheck->test) == "[CMD-SHELL][curl -f localhost]");
  CHECK(made.healthcheck->interval->value == 90s);
  CHECK(made.healthcheck->retries->value == 3);
  CHECK(made.limits.memory->value == 1'610'612'736U);
  CHECK(made.limits.cpus->value == 0.5);
  CHECK(made.stop_grace_period->value == 500ms);
}

TEST_CASE("who wins for a variable of a container") {
  World world;
  world.files["compose.yaml"] =
      "services:\n"
      "  a:\n"
      "    build: .\n"
      "    env_file: [one.env, {path: two.env}, {path: none.env, required: false}]\n"
      "    environment:\n"
      "      A: environment\n"
      "      SHELL_ONE:\n"
      "      NUMBER: 010\n"
      "      UNSET:\n";
  world.files["Dockerfile"] = "FROM x\nENV A=image IMAGE=image\n";
  world.files["one.env"] = "A=one\nB=one\nREF=${A}-${B}\n";
  world.files["two.env"] = "B=two\nC='$A'\n";
  world.request.process_environment["SHELL_ONE"] = "shell";
  CHECK(environment(service(world, "a")) ==
        "A=environment < one < image\n"
        "B=two < one\n"
        "C=$A\n"
        "IMAGE=image\n"
        "NUMBER=8\n"
        "REF=environment-one\n"
        "SHELL_ONE=shell\n"
        "UNSET=-\n");
}

TEST_CASE("an override file is laid over by the rules of each key") {
  World world;
  world.files["docker-compose.yml"] =
      "services:\n"
      "  a:\n"
      "    image: x:1\n"
      "    command: one\n"
      "    environment: {A: base, B: base}\n"
      "    ports: [\"80:80\"]\n"
      "    volumes: [./data:/data, cache:/cache]\n"
      "    depends_on: [b]\n"
      "    labels: {l: base}\n"
      "    cap_drop: [ALL]\n"
      "    dns: [10.0.0.1]\n"
      "  b: {image: y:1}\n"
      "volumes: {cache: null}\n";
  world.files["docker-compose.override.yml"] =
      "services:\n"
      "  a:\n"
      "    command: [two]\n"
      "    environment: [B=over, C=over]\n"
      "    ports: [\"80:80\", \"81:81\"]\n"
      "    volumes: [./other:/data]\n"
      "    depends_on: {b: {condition: service_healthy}}\n"
      "    labels: [l=over]\n"
      "    cap_drop: !reset null\n"
      "    dns: !override [10.0.0.2]\n";
  const ComposeService made = service(world, "a");
  CHECK(joined(made.command->words) == "[two]");
  CHECK(environment(made) == "A=base\nB=over < base\nC=over\n");
  CHECK(ports(made) == "|80-80|80-80|tcp\n|81-81|81-81|tcp\n");
  CHECK(mounts(made) == "bind|./other|/p/other|/data|rw\nvolume|cache||/cache|rw\n");
  REQUIRE(made.depends_on.size() == 1);
  CHECK(made.depends_on[0].condition == ComposeCondition::healthy);
  CHECK(made.labels.at("l").value == "over");
  CHECK(made.cap_drop.empty());
  CHECK(scalar_text(made.node.find("dns")->list()->at(0)) == "10.0.0.2");
}

TEST_CASE("a service extends others, with paths of their own files") {
  World world;
  world.files["compose.yaml"] =
      "services:\n"
      "  a:\n"
      "    extends: {file: parts/base.yaml, service: b}\n"
      "    environment: {ROLE: a}\n";
  world.files["parts/base.yaml"] =
      "services:\n"
      "  c: {image: x:1, environment: {ROLE: c, C: c}, env_file: c.env}\n"
      "  b: {extends: c, volumes: [./b:/b]}\n";
  world.files["parts/c.env"] = "FROM_FILE=1\n";
  const ComposeService made = service(world, "a");
  CHECK(environment(made) == "C=c\nFROM_FILE=1\nROLE=a < c\n");
  CHECK(mounts(made) == "bind|./b|/p/parts/b|/b|rw\n");
  REQUIRE(made.extends.size() == 2);
  CHECK(made.extends[0].value == "b");
  CHECK(made.extends[1].value == "c");
}

TEST_CASE("an included file has its own folder and .env") {
  World world;
  world.files["compose.yaml"] = "include: [sub/compose.yaml]\nservices: {a: {image: x:1}}\n";
  world.files["sub/compose.yaml"] = "services: {b: {image: \"y:${TAG}\", volumes: [./v:/v]}}\n";
  world.files["sub/.env"] = "TAG=7\n";
  const ComposeService made = service(world, "b");
  CHECK(made.image->value == "y:7");
  CHECK(mounts(made) == "bind|./v|/p/sub/v|/v|rw\n");
}

TEST_CASE("references are filled from the shell, then .env, and each is known with its place") {
  World world;
  world.files["compose.yaml"] =
      "services:\n"
      "  a:\n"
      "    image: \"x:${TAG:-latest}\"\n"
      "    command: echo $$HOME ${A:-${B}} ${SET:+${C}}\n";
  world.files[".env"] = "TAG=1\nSET=\nB=from file\n";
  world.request.process_environment["TAG"] = "2";
  const ComposeProject project = world.load();
  CHECK(render(project.diagnostics) == "");
  CHECK(project.services[0].image->value == "x:2");
  CHECK(joined(project.services[0].command->words) == "[echo][$HOME][from][file]");
  std::string all;
  for (const ComposeReference& one : project.references)
    all += fmt::format("{}|{}|{}|{}|{}|{}\n", one.name, one.action, one.value.value_or("-"),
                       one.used ? "used" : "unused", static_cast<int>(one.from), column(one.span));
  CHECK(all ==
        "TAG|:-|2|used|1|3:15-29\n"
        "A|:-|-|used|0|4:26-36\n"
        "B||from file|used|2|4:31-35\n"
        "SET|:+||used|2|4:37-49\n"
        "C||-|unused|0|4:44-48\n");
}

TEST_CASE("profiles leave services out, and the project has a name") {
  World world;
  world.files["compose.yaml"] =
      "name: My.Stack\n"
      "services:\n"
      "  a: {image: x:1}\n"
      "  b: {image: x:1, profiles: [debug]}\n"
      "  c: {image: x:1, profiles: [other]}\n";
  world.request.profiles = {"debug"};
  ComposeProject project = world.load();
  CHECK(project.name == "mystack");
  CHECK(project.find("a")->enabled);
  CHECK(project.find("b")->enabled);
  CHECK_FALSE(project.find("c")->enabled);
  world.request.profiles = {};
  world.request.process_environment = {{"COMPOSE_PROFILES", "other"},
                                       {"COMPOSE_PROJECT_NAME", "given"}};
  project = world.load();
  CHECK(project.name == "given");
  CHECK(project.find("c")->enabled);
}

TEST_CASE("the project's name is there for references, whoever gives it") {
  World world;
  world.files["compose.yaml"] =
      "name: \"my-${WHICH:-dev}\"\n"
      "services: {a: {image: x:1, container_name: \"${COMPOSE_PROJECT_NAME}-a\"}}\n";
  CHECK(service(world, "a").container_name->value == "my-dev-a");
  world.files["compose.yaml"].erase(0, world.files["compose.yaml"].find('\n') + 1);
  CHECK(service(world, "a").container_name->value == "p-a");
}

TEST_CASE("what other places hold is not read, and that is said") {
  CHECK(messages("include: [\"oci://example.org/x\"]\nservices: {a: {image: x:1}}\n") ==
        "compose.yaml:1:11: info[CFG022]: files of other places are not read\n"
        "    1 | include: [\"oci://example.org/x\"]\n"
        "      |           ^~~~~~~~~~~~~~~~~~~~~\n"
        "  help: what it says is not looked at here\n");
}

TEST_CASE("an entry that a list has twice is a warning: Compose drops it") {
  CHECK(messages("services:\n  a:\n    image: x:1\n    ports: [\"80:80\", \"80:80\"]\n") ==
        "compose.yaml:4:22: warning[CMP003]: \"80:80\" is listed twice in services.a.ports\n"
        "    4 |     ports: [\"80:80\", \"80:80\"]\n"
        "      |                      ^~~~~~~\n"
        "  help: remove one\n"
        "  compose.yaml:4:13: note: first listed here\n");
}

TEST_CASE("what Compose would refuse is said at its place") {
  CHECK(messages("services:\n  a:\n    image: x:1\n    enviroment: {A: 1}\n") ==
        "compose.yaml:4:5: error[CMP003]: unknown key \"enviroment\" in services.a\n"
        "    4 |     enviroment: {A: 1}\n"
        "      |     ^~~~~~~~~~\n"
        "  help: did you mean \"environment\"?\n");
  CHECK(messages("services:\n  a:\n    image: x:${TAG}\n    command: ${B:?say which}\n") ==
        "compose.yaml:3:14: error[CMP004]: TAG is not set\n"
        "    3 |     image: x:${TAG}\n"
        "      |              ^~~~~~\n"
        "  help: set it in .env or in the environment; write ${TAG:-} if it may be empty, or $$ "
        "if a dollar is meant\n"
        "compose.yaml:4:14: error[CMP004]: B: say which\n"
        "    4 |     command: ${B:?say which}\n"
        "      |              ^~~~~~~~~~~~~~~\n"
        "  help: set it in .env or in the environment\n");
  CHECK(messages("services:\n  a:\n    image: x:1\n    env_file: no.env\n") ==
        "compose.yaml:4:15: error[CMP017]: there is no file no.env\n"
        "    4 |     env_file: no.env\n"
        "      |               ^~~~~~\n"
        "  help: create it, or write required: false if it may be missing\n");
  CHECK(messages("services:\n  a:\n    extends: bsae\n  base: {image: x:1}\n") ==
        "compose.yaml:3:14: error[DEP001]: there is no service \"bsae\" to extend\n"
        "    3 |     extends: bsae\n"
        "      |              ^~~~\n"
        "  help: did you mean \"base\"?\n");
  CHECK(messages("services:\n  a: {restart: always}\n") ==
        "compose.yaml:2:3: error[CMP003]: a has neither image nor build\n"
        "    2 |   a: {restart: always}\n"
        "      |   ^\n"
        "  help: say which image it runs: image: name:version\n");
  CHECK(messages("services:\n  a: {image: x, extends: b}\n  b: {extends: a}\n") ==
        "compose.yaml:3:16: error[DEP001]: b extends itself\n"
        "    3 |   b: {extends: a}\n"
        "      |                ^\n"
        "  help: a service can only extend one that does not extend it\n");
  CHECK(messages("services:\n  a: {image: x:1, volumes: [\"dta:/d\"]}\nvolumes: {data: null}\n") ==
        "compose.yaml:2:30: error[DEP001]: there is no volume \"dta\"\n"
        "    2 |   a: {image: x:1, volumes: [\"dta:/d\"]}\n"
        "      |                              ^~~\n"
        "  help: did you mean \"data\"?\n");
  CHECK(messages("services:\n  a:\n    image: x:1\n    ports: [\"80:http\"]\n") ==
        "compose.yaml:4:13: error[CMP003]: this is no port: \"80:http\"\n"
        "    4 |     ports: [\"80:http\"]\n"
        "      |             ^~~~~~~~~\n"
        "  help: write \"host:container\", such as \"8080:80\" or \"127.0.0.1:8080:80/tcp\"\n");
  CHECK(messages("services:\n  a:\n    image: x:1\n    stop_grace_period: 30\n") ==
        "compose.yaml:4:24: error[CMP003]: services.a.stop_grace_period must be text, not 30\n"
        "    4 |     stop_grace_period: 30\n"
        "      |                        ^~\n");
}

TEST_CASE("a secret in a Compose file is not shown in its messages") {
  World world;
  world.files["compose.yaml"] =
      "services:\n"
      "  a:\n"
      "    image: x:1\n"
      "    environment: {DB_PASSWORD: hunter2, B: \"${NONE}\"}\n";
  world.request.is_secret = [](std::string_view name) { return name == "DB_PASSWORD"; };
  CHECK(messages(world) ==
        "compose.yaml:4:45: error[CMP004]: NONE is not set\n"
        "    4 |     environment: {DB_PASSWORD: *******, B: \"${NONE}\"}\n"
        "      |                                             ^~~~~~~\n"
        "  help: set it in .env or in the environment; write ${NONE:-} if it may be empty, or $$ "
        "if a dollar is meant\n");
}

TEST_CASE("a large project takes linear time") {
  World world;
  std::string& text = world.files["compose.yaml"];
  text = "x-base: &base\n  image: x:1\n  environment: {A: 1, B: \"${B:-2}\"}\nservices:\n";
  for (int i = 0; i < 500; ++i)
    text += fmt::format("  s{}:\n    <<: *base\n    env_file: big.env\n    ports: [\"{}:80\"]\n", i,
                        10000 + i);
  for (int i = 0; i < 100; ++i) world.files["big.env"] += fmt::format("NAME_{}=value {}\n", i, i);
  const ComposeProject project = world.load();
  CHECK(render(project.diagnostics) == "");
  CHECK(project.services.size() == 500);
  CHECK(effective_environment(project.services[499]).size() == 102);
}

TEST_CASE("COMPOSE_FILE in .env names the files of the project") {
  World world{{{"compose.yaml", "services: {never: {image: x:1}}\n"},
               {"base.yaml", "services: {a: {image: x:1}}\n"},
               {"deploy/more.yaml", "services: {a: {image: x:2}, b: {image: y:1}}\n"},
               {".env", "COMPOSE_FILE=base.yaml:deploy/more.yaml\n"}}};
  const auto names = [&] {
    std::string all;
    for (const ComposeService& one : world.load().services)
      all += one.name + "=" + one.image->value + " ";
    return all;
  };
  CHECK(names() == "a=x:2 b=y:1 ");
  world.files[".env"] = "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=base.yaml;./deploy/more.yaml\n";
  CHECK(names() == "a=x:2 b=y:1 ");
  world.request.process_environment = {{"COMPOSE_FILE", "base.yaml"}};
  CHECK(names() == "a=x:1 ");
  world.request.process_environment.clear();
  world.files[".env"] = "COMPOSE_FILE=\n";
  CHECK(names() == "never=x:1 ");
}

TEST_CASE("labels come from files, too; those that are written win, and files must be there") {
  World world{{{"compose.yaml",
                "services:\n"
                "  a:\n"
                "    image: x:1\n"
                "    label_file: [one.labels, two.labels]\n"
                "    labels: {owner: me}\n"},
               {"one.labels", "owner=them\ntier=web\nzone=1\n"},
               {"two.labels", "# later\nzone=\"2\"\n"}}};
  const ComposeService made = service(world, "a");
  std::string labels;
  for (const auto& [name, value] : made.labels) labels += name + "=" + value.value + " ";
  CHECK(labels == "owner=me tier=web zone=2 ");
  world.files.erase("two.labels");
  CHECK(messages(world) ==
        "compose.yaml:4:30: error[CMP017]: there is no file two.labels\n"
        "    4 |     label_file: [one.labels, two.labels]\n"
        "      |                              ^~~~~~~~~~\n"
        "  help: create it, or take it out of label_file\n");
}

}  // namespace exai::config::test
