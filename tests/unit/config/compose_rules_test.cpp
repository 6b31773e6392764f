// The rules of CFG and TMO that look at Compose projects.
#include <catch2/catch.hpp>

#include "core/config/compose.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/lint/tmo_rules.hpp"

namespace exai::config {

namespace {

using Files = std::map<std::string, std::string>;
using Check = void (*)(const LintSubject& subject, Findings& findings);

Facilities world_of(const Files& files) {
  Facilities world;
  world.read = [files](const Path& path) -> Result<std::string> {
    const auto found = files.find(path.lexically_relative("/project").string());
    if (found == files.end()) return fail(Errc::not_found, "{}: not there", path.string());
    return found->second;
  };
  world.has_program = [](const std::string&) { return true; };
  world.look = [files](const Path& path) -> Result<FileInfo> {
    if (files.contains(path.lexically_relative("/project").string())) return FileInfo{};
    return fail(Errc::not_found, "{}: not there", path.string());
  };
  world.list = [files](const Path&) -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [name, text] : files) names.push_back(name);
    return names;
  };
  return world;
}

// What one rule says of a project; the .env beside the Compose file feeds ${} in it.
std::string said(Check check, const Files& files) {
  const Facilities world = world_of(files);
  ComposeRequest asked;
  asked.folder = "/project";
  Project project;
  project.folder = "/project";
  project.compose = std::make_shared<const ComposeProject>(load_compose(asked, world));
  REQUIRE(render(project.compose->diagnostics) == "");
  for (const ComposeEnvFile& file : project.compose->env_files)
    project.env_files.push_back({file.source, file.entries, {{EnvFileRole::compose, "", {}}}});
  for (const auto& [name, text] : files)
    if (name == ".env.example")
      project.env_files.push_back({std::make_shared<const Source>(Source{name, text}),
                                   {},
                                   {{EnvFileRole::example, "", {}}}});
  Resolved resolved;
  resolved.names.options = &OptionTable::shipped();
  const LoadRequest request;
  Diagnostics diagnostics;
  Findings findings(diagnostics);
  check({resolved, project, OptionTable::shipped(), world, request}, findings);
  return render(diagnostics);
}

std::string shop(const std::string& environment) {
  return "services:\n"
         "  shop:\n"
         "    image: shop:1\n"
         "    ports: [\"8080:80\"]\n"
         "    environment:\n"
         "      " +
         environment +
         "\n"
         "  cache:\n"
         "    image: redis:7\n"
         "    ports: [\"16379:6379\"]\n";
}

}  // namespace

TEST_CASE("CFG018: localhost in a container is the container itself") {
  CHECK(
      said(localhost_of_another, {{"compose.yaml", shop("CACHE_URL: redis://localhost:6379/0")}}) ==
      "compose.yaml:6:26: warning[CFG018]: localhost in CACHE_URL of shop is the container of "
      "shop itself, not cache\n"
      "    6 |       CACHE_URL: redis://localhost:6379/0\n"
      "      |                          ^~~~~~~~~\n"
      "  help: write cache:6379\n"
      "  compose.yaml:7:3: note: cache is a container of its own\n");
  CHECK(said(localhost_of_another, {{"compose.yaml", shop("CACHE_URL: redis://127.0.0.1:16379")}})
            .find("help: write cache:6379") != std::string::npos);
  CHECK(said(localhost_of_another, {{"compose.yaml", shop("CACHE_HOST: localhost")}})
            .find("help: write cache\n") != std::string::npos);
}

TEST_CASE("CFG018: what is not another container is left alone") {
  const auto environment =
      GENERATE(as<std::string>(), "OWN_URL: http://localhost:80/health",
               "CACHE_URL: redis://cache:6379", "OTHER_URL: http://localhost:9999",
               "MAIL_HOST: localhost", "BIND: 127.0.0.1", "NAME: localhosting:6379");
  CHECK(said(localhost_of_another, {{"compose.yaml", shop(environment)}}) == "");
}

TEST_CASE("CFG016: environment: hides what env_file: says") {
  const std::string compose =
      "services:\n"
      "  shop:\n"
      "    image: shop:1\n"
      "    env_file: [shop.env]\n"
      "    environment: { GREETING: welcome, SIZE: \"5\" }\n";
  CHECK(said(shadowed_values,
             {{"compose.yaml", compose}, {"shop.env", "GREETING=hello\nSIZE=5\n"}}) ==
        "shop.env:1:10: warning[CFG016]: GREETING is not taken from here: environment of shop says "
        "something else\n"
        "    1 | GREETING=hello\n"
        "      |          ^~~~~\n"
        "  help: remove one of the two\n"
        "  compose.yaml:5:20: note: environment: wins over env_file:\n");
}

TEST_CASE("CFG010: two references with different defaults") {
  CHECK(said(two_defaults, {{"compose.yaml",
                             "services:\n"
                             "  a: { image: \"x:${TAG:-1}\" }\n"
                             "  b: { image: \"x:${TAG:-2}\" }\n"
                             "  c: { image: \"x:${TAG:-1}\" }\n"}}) ==
        "compose.yaml:3:18: warning[CFG010]: TAG has two defaults: \"2\" here, \"1\" elsewhere\n"
        "    3 |   b: { image: \"x:${TAG:-2}\" }\n"
        "      |                  ^~~~~~~~~\n"
        "  help: give it one value, in the environment file, or make them two variables\n"
        "  compose.yaml:2:18: note: the other default\n");
}

TEST_CASE("CFG011: what .env sets and no ${} reads") {
  const Files files{{"compose.yaml", "services:\n  a: { image: \"x:${TAG}\" }\n"},
                    {".env", "BASE=1\nTAG=$BASE\nCOMPOSE_PROJECT_NAME=x\nUNUSED=1\n"}};
  CHECK(said(never_read, files) ==
        ".env:4:1: info[CFG011]: nothing in the Compose files reads UNUSED\n"
        "    4 | UNUSED=1\n"
        "      | ^~~~~~\n"
        "  help: remove it, or name the file in the env_file of the service that needs it\n");
}

TEST_CASE("CFG012: a ${} that the example does not name") {
  const Files files{
      {"compose.yaml", "services:\n  a: { image: \"x:${TAG:-1}-${HOME:-}${KIND:-}\" }\n"},
      {".env.example", "# KIND=small\n"}};
  CHECK(said(undocumented_names, files) ==
        "compose.yaml:2:18: warning[CFG012]: TAG is read here, but .env.example does not name it\n"
        "    2 |   a: { image: \"x:${TAG:-1}-${HOME:-}${KIND:-}\" }\n"
        "      |                  ^~~~~~~~~\n"
        "  help: add TAG= to .env.example, with a comment that says what it is\n");
}

TEST_CASE("TMO007: a container that is called unhealthy before what it needs has started") {
  const auto compose = [](const std::string& condition) {
    return "services:\n"
           "  web:\n"
           "    image: web:1\n"
           "    depends_on: { db: { condition: " +
           condition +
           " } }\n"
           "    healthcheck: { test: [CMD, check], interval: 5s, retries: 3, start_period: 10s }\n"
           "  db:\n"
           "    image: db:1\n"
           "    healthcheck: { test: [CMD, check], start_period: 2m }\n";
  };
  CHECK(said(starts_too_short, {{"compose.yaml", compose("service_started")}}) ==
        "compose.yaml:5:80: warning[TMO007]: web is unhealthy after 25s, but db, which it does not "
        "wait for, is given 2m to start\n"
        "    5 |     healthcheck: { test: [CMD, check], interval: 5s, retries: 3, start_period: "
        "10s }\n"
        "      |                                                                                "
        "^~~\n"
        "  help: wait for it with condition: service_healthy, or raise start_period\n"
        "  compose.yaml:8:54: note: its start_period\n");
  CHECK(said(starts_too_short, {{"compose.yaml", compose("service_healthy")}}) == "");
}

}  // namespace exai::config
