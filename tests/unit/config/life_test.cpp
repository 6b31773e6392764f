// What the keys of a service about its life become, and what is said about wrong ones.
#include <catch2/catch.hpp>

#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

const std::string kProcess = "process = [\"run\", \"${EXAI_SERVICE_DIR}/conf\"]\n";

Service web(const std::string& keys) {
  const Loaded loaded = world_with(kProcess + keys).load();
  INFO(render(loaded.diagnostics));
  REQUIRE(loaded.stack);
  return *loaded.stack->find("web");
}

std::string complaint(const std::string& keys) {
  const std::string all = world_with(kProcess + keys).messages();
  return all.substr(0, all.find('\n'));
}

}  // namespace

TEST_CASE("a service is kept running unless it says otherwise") {
  const Service service = web("");
  CHECK(service.kind == Kind::service);
  CHECK(service.start_timeout == 60s);
  CHECK(service.restart.success == std::vector{0});
  CHECK(service.stop == StopPolicy{});
  CHECK_FALSE(service.schedule);
  CHECK_FALSE(service.replicas);
}

TEST_CASE("what runs to its end has no limit unless it is given one") {
  const Service job =
      web("kind = \"once\"\nrestart = { success = [0, 143], backoff = \"0s..0s\" }\n");
  CHECK(job.kind == Kind::once);
  CHECK(job.start_timeout == 0ms);
  CHECK(job.restart.success == std::vector{0, 143});
  CHECK(job.restart.backoff_max == 0ms);
  CHECK(web("kind = \"once\"\nstart_timeout = \"5s\"\n").start_timeout == 5s);
}

TEST_CASE("a schedule is a cron expression or an interval") {
  const Service nightly =
      web("schedule = \"30 2 * * *\"\noverlap = \"queue\"\nmissed = \"once\"\n");
  CHECK(nightly.kind == Kind::scheduled);
  REQUIRE(nightly.schedule);
  CHECK(nightly.schedule->cron == parse_cron("30 2 * * *"));
  CHECK(nightly.schedule->overlap == Overlap::queue);
  CHECK(nightly.schedule->missed == Missed::once);
  CHECK(nightly.restart.when == RestartWhen::never);
  const Service often = web("every = \"5m\"\nrestart = { policy = \"on-failure\" }\n");
  REQUIRE(often.schedule);
  CHECK(often.schedule->every == 5min);
  CHECK(often.schedule->text == "every 5m");
  CHECK(often.restart.when == RestartWhen::on_failure);
}

TEST_CASE("needs and wants have conditions") {
  MemoryWorld world =
      world_with(kProcess +
                 "needs = { a = \"started\", b = \"healthy\", c = \"done-ok\" }\n"
                 "wants = { d = \"done\" }\n"
                 "[services.a]\nprocess = [\"run\"]\n[services.b]\nprocess = [\"run\"]\n"
                 "[services.c]\nprocess = [\"run\"]\nkind = \"once\"\n"
                 "[services.d]\nprocess = [\"run\"]\nkind = \"once\"\n");
  const Loaded loaded = world.load();
  INFO(render(loaded.diagnostics));
  REQUIRE(loaded.stack);
  std::string seen;
  for (const Need& need : loaded.stack->find("web")->needs)
    seen += fmt::format("{}={}{} ", need.service, name(need.condition), need.soft ? "?" : "");
  CHECK(seen == "a=started b=healthy c=done-ok d=done? ");
}

TEST_CASE("a stop has one signal or several") {
  const Service service =
      web("stop = { steps = [{ signal = \"INT\", grace = \"2s\" }, { grace = \"3s\" }], total = "
          "\"4s\" }\n");
  CHECK(service.stop.steps == std::vector<StopStep>{{SIGINT, 2s}, {SIGTERM, 3s}});
  CHECK(service.stop.total == 4s);
  CHECK(web("stop = { signal = \"INT\", grace = \"2s\" }\n").stop.steps ==
        std::vector<StopStep>{{SIGINT, 2s}});
}

TEST_CASE("hooks, profiles and who it runs as are taken as they are") {
  const Service service =
      web("before_start = { command = [\"run\", \"x\"] }\n"
          "after_stop = { command = [\"run\"], timeout = \"3s\" }\n"
          "profiles = [\"dev\", \"test\"]\n"
          "user = \"nobody\"\ngroup = \"12\"\numask = \"027\"\nnice = 5\n");
  CHECK(service.before_start->command == std::vector<std::string>{"run", "x"});
  CHECK(service.before_start->timeout == 30s);
  CHECK(service.after_stop->timeout == 3s);
  CHECK(service.profiles == std::vector<std::string>{"dev", "test"});
  CHECK(service.user == "nobody");
  CHECK(service.group_name == "12");
  CHECK(service.umask == 027);
  CHECK(service.nice == 5);
}

TEST_CASE("without a profile come those that have none, with one also those that have it") {
  Stack stack;
  stack.services.resize(3);
  stack.services[0].name = "always";
  stack.services[1].name = "dev";
  stack.services[1].profiles = {"dev", "test"};
  stack.services[2].name = "prod";
  stack.services[2].profiles = {"prod"};
  CHECK(selection(stack, {}) == std::vector<std::string>{"always"});
  CHECK(selection(stack, {"test"}) == std::vector<std::string>{"always", "dev"});
  CHECK(selection(stack, {"prod", "dev"}) == std::vector<std::string>{"always", "dev", "prod"});
}

TEST_CASE("a replica has its own name, number, ports and folder") {
  const Service service =
      web("replicas = 3\nports = { main = 8100 }\nready = { http = \"/\" }\n"
          "env = { NAME = \"n${EXAI_REPLICA}\", OTHER = \"${EXAI_STATE_DIR}/run/web-2\" }\n");
  CHECK(service.replicas == 3);
  const Service second = replica_of(service, 2, "/state/run");
  CHECK(second.name == "web.2");
  CHECK(second.group == "web");
  CHECK(second.command.back() == "/state/run/web.2/conf");
  CHECK(second.ports[0].number == 8101);
  CHECK(second.ready->port == 8101);
  CHECK(second.environment.at("NAME") == "n2");
  CHECK(second.environment.at("OTHER") == "/state/run/web-2");
  CHECK(second.environment.at("EXAI_REPLICA") == "2");
}

TEST_CASE("wrong values of these keys are named with what was expected") {
  const auto [keys, message] = GENERATE(table<std::string, std::string>({
      {"schedule = \"daily\"\n",
       "exai.toml:7:12: error[CFG003]: services.web.schedule must be a cron expression such as "
       "\"30 2 * * mon-fri\" or @daily, not \"daily\""},
      {"umask = \"999\"\n",
       "exai.toml:7:9: error[CFG003]: services.web.umask must be three or four octal digits such "
       "as 027, not \"999\""},
      {"ready = { log = \"(\" }\n",
       "exai.toml:7:17: error[CFG003]: services.web.ready.log must be a regular expression, not "
       "\"(\""},
      {"kind = \"onec\"\n",
       "exai.toml:7:8: error[CFG005]: services.web.kind must be one of \"service\", \"once\", not "
       "\"onec\""},
      {"replicas = 0\n",
       "exai.toml:7:12: error[CFG004]: services.web.replicas must be between 1 and 1000, not 0"},
      {"nice = 20\n",
       "exai.toml:7:8: error[CFG004]: services.web.nice must be between -20 and 19, not 20"},
  }));
  CHECK(complaint(keys) == message);
}

}  // namespace exai::config::test
