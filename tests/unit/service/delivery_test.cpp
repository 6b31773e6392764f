#include <catch2/catch.hpp>

#include "supervisor/service/delivery.hpp"

using namespace exai;
using namespace exai::service;

namespace {

config::Variable variable(std::string value, std::string layer) {
  config::Variable made;
  made.value = value;
  made.origins.push_back({std::move(layer), {}, std::move(value)});
  return made;
}

}  // namespace

TEST_CASE("the environment of a service holds what was set for it and nothing else of ours") {
  const Workspace workspace{"/srv/exai.toml", "/state"};
  config::Stack stack;
  stack.name = "exai";
  stack.environment = "dev";
  stack.timezone = "Australia/Melbourne";
  stack.directory = "/srv";
  stack.variables["LOG_LEVEL"] = variable("debug", "env/dev.env");
  stack.variables["FROM_SHELL"] = variable("yes", "process environment");
  stack.variables["EXAI_WS_PORT"] = variable("8079", "default");
  stack.variables["KIMI_API_KEY"] = variable("sk-1", "process environment");
  stack.variables["KIMI_API_KEY"].secret = true;
  stack.variables["MY_TOKEN"] = variable("t", "env/dev.env");
  config::Service service;
  service.name = "exaid";
  service.secrets = {"MY_TOKEN"};
  service.environment = {{"LOG_LEVEL", "info"}, {"EXAI_SERVICE", "spoofed"}};

  Environment made = environment_of(workspace, stack, service,
                                    {{"PATH", "/bin"},
                                     {"HOME", "/root"},
                                     {"LC_ALL", "C.UTF-8"},
                                     {"TERM", "xterm"},
                                     {"SSH_AUTH_SOCK", "/tmp/agent"}});

  CHECK_THAT(made["PATH"], Catch::EndsWith(":/bin"));
  made.erase("PATH");
  CHECK(made == Environment{{"EXAI_ENV", "dev"},
                            {"EXAI_SERVICE", "exaid"},
                            {"EXAI_SERVICE_DIR", "/state/run/exaid"},
                            {"EXAI_STACK", "exai"},
                            {"EXAI_STACK_DIR", "/srv"},
                            {"EXAI_STATE_DIR", "/state"},
                            {"FROM_SHELL", "yes"},
                            {"HOME", "/root"},
                            {"LC_ALL", "C.UTF-8"},
                            {"LOG_LEVEL", "info"},
                            {"TZ", "Australia/Melbourne"}});
  CHECK(mark_of(workspace, "exaid") == "EXAI_SERVICE_DIR=" + made["EXAI_SERVICE_DIR"]);
}
