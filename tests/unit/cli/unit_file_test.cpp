#include "cli/unit_file.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::cli;

namespace {

config::Service service(const std::string& name, Duration grace, const std::string& need = "") {
  config::Service made;
  made.name = name;
  made.stop.steps = {{SIGTERM, grace}};
  if (!need.empty()) made.needs.push_back({need, config::Condition::ready, {}});
  return made;
}

}  // namespace

TEST_CASE("words of a unit file mean themselves") {
  CHECK(unit_word("/opt/exai/exai.toml") == "/opt/exai/exai.toml");
  CHECK(unit_word("/my stack/a.toml") == "\"/my stack/a.toml\"");
  CHECK(unit_word("a\"b\\c") == R"("a\"b\\c")");
  CHECK(unit_word("50%$HOME") == "50%%$$HOME");
  CHECK(unit_word("50%$HOME", Place::setting) == "50%%$HOME");
  CHECK(unit_word("") == "\"\"");
  CHECK(unit_word("a\nb") == "\"a\\nb\"");
}

TEST_CASE("systemd waits as long as the longest chain of services may take to stop") {
  config::Stack stack;
  CHECK(stop_limit(stack) == 10s);
  stack.services = {service("a", 5s), service("b", 1s, "a"), service("c", 20s)};
  CHECK(stop_limit(stack) == 30s);  // c: 20 s, and 10 s for its rest
  stack.services.push_back(service("d", 20s, "b"));
  CHECK(stop_limit(stack) == 56s);  // d, then b, then a
}

TEST_CASE("a unit of the user's own systemd names no user") {
  UnitFile unit;
  unit.stack.name = "demo";
  unit.stack.environment = "prod";
  unit.stack.file = "/srv/demo/exai.toml";
  unit.supervisor = "/usr/bin/exai-supervisor";
  unit.exai = "/usr/bin/exai";
  unit.state = "/var/lib/demo";
  CHECK(unit_text(unit).find("User=") == std::string::npos);
  CHECK(unit_text(unit).find("WantedBy=default.target\n") != std::string::npos);
  unit.user = "web";
  const std::string text = unit_text(unit);
  CHECK(text.find("User=web\n") != std::string::npos);
  CHECK(text.find(
            "ExecStart=/usr/bin/exai-supervisor --file /srv/demo/exai.toml --env prod --up\n") !=
        std::string::npos);
  CHECK(text.find("ExecReload=/usr/bin/exai reload --file /srv/demo/exai.toml --env prod\n") !=
        std::string::npos);
  CHECK(text.find("Environment=EXAI_STATE_DIR=/var/lib/demo\n") != std::string::npos);
  CHECK(text.find("WantedBy=multi-user.target\n") != std::string::npos);
}
