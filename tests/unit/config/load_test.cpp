// From files to settings: precedence, provenance, and what each key of the stack file becomes.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

const std::string kProcess = "process = [\"run\"]\n";

// What a stack without errors says about one variable: "value: layer=value, layer=value".
std::string variable(const MemoryWorld& world, const std::string& name) {
  const Loaded loaded = world.load();
  INFO(render(loaded.diagnostics));
  REQUIRE(loaded.stack);
  const auto found = loaded.stack->variables.find(name);
  if (found == loaded.stack->variables.end()) return "unset";
  std::string text = found->second.value + ":";
  for (const Origin& origin : found->second.origins)
    text += " " + origin.layer + "=" + origin.value;
  return text;
}

MemoryWorld two_layers(const std::string& base, const std::string& dev) {
  MemoryWorld world = world_with(kProcess);
  std::string& text = world.files["exai.toml"];
  text.replace(text.find("[\"dev.env\"]"), 11, "[\"env/base.env\", \"env/dev.env\"]");
  world.files["env/base.env"] = base;
  world.files["env/dev.env"] = dev;
  return world;
}

Service web(const MemoryWorld& world) {
  const Loaded loaded = world.load();
  INFO(render(loaded.diagnostics));
  REQUIRE(loaded.stack);
  return *loaded.stack->find("web");
}

}  // namespace

TEST_CASE(
    "the process environment wins over layers, later layers over earlier, all over defaults") {
  MemoryWorld world = two_layers("LOG_LEVEL=warn\nREDIS_DB=1\n", "LOG_LEVEL=debug\n");
  CHECK(variable(world, "REDIS_PORT") == "6379: default=6379");
  CHECK(variable(world, "REDIS_DB") == "1: env/base.env=1 default=0");
  CHECK(variable(world, "LOG_LEVEL") == "debug: env/dev.env=debug env/base.env=warn default=info");
  world.request.process_environment = {{"LOG_LEVEL", "error"}, {"HOME", "/root"}};
  CHECK(variable(world, "LOG_LEVEL") ==
        "error: process environment=error env/dev.env=debug env/base.env=warn default=info");
  CHECK(variable(world, "HOME") == "unset");
}

TEST_CASE("an origin in a file has its place") {
  const Loaded loaded = two_layers("\nLOG_LEVEL = warn\n", "").load();
  const Origin& origin = loaded.stack->variables.at("LOG_LEVEL").origins[0];
  CHECK(origin.span.source->name == "env/base.env");
  CHECK(origin.span.begin == Position{2, 13});
}

TEST_CASE("an alias sets the option it stands for") {
  MemoryWorld world = two_layers("KIMI_BASE_URL=https://a\n", "KIMI_API_URL=https://b\n");
  CHECK(variable(world, "KIMI_API_URL")
            .starts_with("https://b: env/dev.env=https://b env/base.env=https://a default="));
  CHECK(variable(world, "KIMI_BASE_URL") == "unset");
  world.request.process_environment = {{"MOONSHOT_BASE_URL", "https://c"}};
  CHECK(variable(world, "KIMI_API_URL").starts_with("https://c: process environment=https://c "));
}

TEST_CASE("a layer may refer to earlier layers, defaults and the process environment") {
  MemoryWorld world =
      two_layers("REDIS_HOST=base\n", "DEFAULT_MODEL=$REDIS_HOST:$REDIS_PORT:$USER\n");
  world.request.process_environment = {{"USER", "ann"}};
  CHECK(variable(world, "DEFAULT_MODEL") == "base:6379:ann: env/dev.env=base:6379:ann");
}

TEST_CASE("variables of one's own are declared, then layers and the environment may set them") {
  MemoryWorld world = world_with(kProcess, "MY_PORT=1\n");
  world.files["exai.toml"].insert(8, "variables = [\"MY_PORT\", \"MY_OTHER\"]\n");
  world.request.process_environment = {{"MY_OTHER", "x"}};
  CHECK(variable(world, "MY_PORT") == "1: dev.env=1");
  CHECK(variable(world, "MY_OTHER") == "x: process environment=x");
}

TEST_CASE("a layer with a question mark may be missing, but not unreadable") {
  MemoryWorld world = world_with(kProcess);
  std::string& text = world.files["exai.toml"];
  text.replace(text.find("[\"dev.env\"]"), 11, "[\"dev.env\", \".env?\"]");
  CHECK(world.messages().empty());
  world.files[".env"] = "LOG_LEVEL=warn\n";
  CHECK(variable(world, "LOG_LEVEL") == "warn: .env=warn default=info");
  CHECK(world.load().files == std::vector<std::string>{"exai.toml", "dev.env", ".env"});
}

TEST_CASE("the environment is that of the command line, of EXAI_ENV, of the stack file, or dev") {
  MemoryWorld world = world_with(kProcess);
  world.files["exai.toml"] +=
      "[environments.a]\nlayers = []\n[environments.b]\nlayers = []\n[environments.c]\nlayers = "
      "[]\n";
  CHECK(world.load().stack->environment == "dev");
  world.files["exai.toml"].insert(8, "environment = \"a\"\n");
  CHECK(world.load().stack->environment == "a");
  world.request.process_environment = {{"EXAI_ENV", "b"}};
  CHECK(world.load().stack->environment == "b");
  world.request.environment = "c";
  CHECK(world.load().stack->environment == "c");
}

TEST_CASE("the environment and the time zone are those of the stack, whatever the shell has") {
  MemoryWorld world = world_with(kProcess);
  world.request.process_environment = {{"ENVIRONMENT", "ci"}, {"TZ", "UTC"}};
  CHECK(variable(world, "ENVIRONMENT") == "dev: environment=dev default=dev");
  CHECK(variable(world, "TZ") == "Australia/Melbourne: default=Australia/Melbourne");
  world.files["exai.toml"].insert(8, "timezone = \"Europe/Vienna\"\n");
  CHECK(variable(world, "TZ") ==
        "Europe/Vienna: stack file=Europe/Vienna default=Australia/Melbourne");
}

TEST_CASE("a stack without environments is in dev") {
  MemoryWorld world;
  world.files["exai.toml"] = "[stack]\nname = \"x\"\n[services.web]\nprocess = [\"run\"]\n";
  CHECK(world.load().stack->environment == "dev");
}

TEST_CASE("secrets are marked, and a generated one has no value unless somebody sets it") {
  MemoryWorld world = world_with(kProcess, "REDIS_PASSWORD=\n");
  world.files["exai.toml"] +=
      "[secrets.REDIS_PASSWORD]\ngenerate = 24\n[secrets.OWN]\ngenerate = 16\n";
  const Loaded loaded = world.load();
  REQUIRE(loaded.stack);
  CHECK_FALSE(loaded.stack->variables.contains("REDIS_PASSWORD"));
  REQUIRE(loaded.stack->secrets.size() == 2);
  CHECK(loaded.stack->secrets[0].name == "REDIS_PASSWORD");
  CHECK(loaded.stack->secrets[0].characters == 24);
  world.request.process_environment = {{"REDIS_PASSWORD", "s3cret-value"}, {"OWN", "mine-own"}};
  CHECK(world.load().stack->variables.at("REDIS_PASSWORD").secret);
  CHECK(world.load().stack->variables.at("OWN").value == "mine-own");
}

TEST_CASE("the value of a secret is in no message, whatever is wrong with its line") {
  const std::string line =
      GENERATE(as<std::string>(), "KIMI_API_KEY=\"hunter2hunter2\"x\n",
               "KIMI_API_KEY='hunter2hunter2\n", "KIMI_API_KEY=hunter2${\n",
               "KIMI_API_KEY=hunter2$NOPE\n", "MY_TOKEN=hunter2\n", "KIMI_API_KEY=hunter2\n");
  const std::string messages = world_with(kProcess, line + line).messages();
  CHECK_FALSE(messages.empty());
  CHECK(messages.find("hunter2") == std::string::npos);
}

TEST_CASE("references in a service see its own names, the variables, and the environment") {
  MemoryWorld world = world_with(
      "process = [\"run\", \"$EXAI_SERVICE\", \"${EXAI_SERVICE_DIR}/x\", \"$EXAI_STACK_DIR\",\n"
      "  \"$EXAI_STATE_DIR\", \"$EXAI_ENV\", \"$EXAI_STACK\", \"$TZ\", \"$HOME\", \"$$1\"]\n"
      "env = { A = \"${REDIS_HOST}:${REDIS_PORT}\", B = 2, C = true, D = 0.5 }\n");
  world.request.process_environment = {{"HOME", "/home/ann"}};
  const Service service = web(world);
  CHECK(service.command == std::vector<std::string>{"run", "web", "/state/run/web/x", "/stack",
                                                    "/state", "dev", "test", "Australia/Melbourne",
                                                    "/home/ann", "$1"});
  CHECK(service.environment ==
        std::map<std::string, std::string>{
            {"A", "127.0.0.1:6379"}, {"B", "2"}, {"C", "true"}, {"D", "0.5"}});
}

TEST_CASE("a service has the defaults of its settings") {
  const Service service = web(world_with(kProcess));
  CHECK(service.working_directory == "/stack/");
  CHECK_FALSE(service.ready);
  CHECK_FALSE(service.healthy);
  CHECK(service.start_timeout == 60s);
  CHECK(service.restart.when == RestartWhen::always);
  CHECK(service.restart.backoff_max == 30s);
  CHECK(service.stop.steps[0].signal == SIGTERM);
  CHECK(service.stop.steps[0].grace == 20s);
  CHECK(service.log.max_size == 10U << 20U);
  CHECK(service.log.max_age == 7 * 24h);
  CHECK(service.log.keep == 5);
  CHECK(service.log.compress);
  CHECK(service.span.begin == Position{5, 11});
  CHECK(service.command_span.begin == Position{6, 11});
}

TEST_CASE("what a service does not say about its log is as [logs] says") {
  MemoryWorld world = world_with("process = [\"run\"]\nlog = { keep = 1 }\n");
  world.files["exai.toml"] += "[logs]\nmax_size = \"1MiB\"\nkeep = 9\nmax_total = \"5MiB\"\n";
  const Service service = web(world);
  CHECK(service.log.max_size == 1U << 20U);
  CHECK(service.log.keep == 1);
  CHECK_FALSE(service.log.streams_apart);
}

TEST_CASE("every setting of a service is read") {
  MemoryWorld world = world_with(
      "process = [\"run\"]\n"
      "working_directory = \"../data\"\n"
      "secrets = [\"GLM_API_KEY\"]\n"
      "ports = { b = 2, a = \"1\" }\n"
      "needs = { other = \"started\" }\n"
      "render = { \"x.conf\" = \"t/x.tmpl\" }\n"
      "start_timeout = \"1m\"\n"
      "restart = { policy = \"on-failure\", backoff = \"1s..2s\", give_up = \"3 in 1h\" }\n"
      "stop = { signal = \"INT\", grace = \"3s\" }\n"
      "ready = { tcp = true, port = \"b\", host = \"::1\", every = \"10ms\", timeout = \"20ms\", "
      "failures = 4, successes = 5 }\n"
      "log = { max_size = \"64KiB\", max_age = \"12h\", keep = 2, compress = false, "
      "streams = \"apart\" }\n"
      "[services.other]\n"
      "process = [\"run\"]\n"
      "restart = { policy = \"never\" }\n");
  world.files["t/x.tmpl"] = "${EXAI_SERVICE}";
  const Service service = web(world);
  CHECK(service.working_directory == "/data");
  CHECK(service.secrets == std::vector<std::string>{"GLM_API_KEY"});
  REQUIRE(service.ports.size() == 2);
  CHECK(service.ports[0].name == "b");
  CHECK(service.ports[1].number == 1);
  REQUIRE(service.needs.size() == 1);
  CHECK(service.needs[0].condition == Condition::started);
  CHECK(service.render == std::map<std::string, Path>{{"x.conf", "/stack/t/x.tmpl"}});
  CHECK(service.start_timeout == 60s);
  CHECK(service.restart.when == RestartWhen::on_failure);
  CHECK(service.restart.backoff_min == 1s);
  CHECK(service.restart.give_up_after == 3);
  CHECK(service.restart.give_up_window == 1h);
  CHECK(service.stop.steps[0].signal == SIGINT);
  CHECK(service.stop.steps[0].grace == 3s);
  CHECK(service.log.max_size == 64U << 10U);
  CHECK(service.log.max_age == 12h);
  CHECK(service.log.keep == 2);
  CHECK_FALSE(service.log.compress);
  CHECK(service.log.streams_apart);
  CHECK(service.ready->every == 10ms);
  CHECK(service.ready->timeout == 20ms);
  CHECK(service.ready->failures == 4);
  CHECK(service.ready->successes == 5);
  CHECK(service.ready->host == "::1");
  CHECK(service.ready->port == 2);
  CHECK(world.load().stack->find("other")->restart.when == RestartWhen::never);
  CHECK(world.load().stack->find("nobody") == nullptr);
}

TEST_CASE("a check has what its kind needs, and is described in a few words") {
  const auto [check, expected] = GENERATE(table<std::string, std::string>({
      {"http = \"/health\"", "http [/health] 127.0.0.1:2 | http /health"},
      {"http = \"/\", port = \"a\", host = \"::1\", status = 204",
       "http [/] ::1:1 status=204 | http /"},
      {"http = \"https://x/y\"", "http [https://x/y] 127.0.0.1:0 | http /y"},
      {"http = \"https://x\"", "http [https://x] 127.0.0.1:0 | http https://x"},
      {"mcp = \"tools/call status\", port = \"a\", token = \"EXAI_WS_TOKEN\"",
       "mcp [tools/call status] 127.0.0.1:1 token=EXAI_WS_TOKEN | mcp tools/call status"},
      {"redis = \"round-trip\", port = \"a\", password = \"REDIS_PASSWORD\"",
       "redis [round-trip] 127.0.0.1:1 password=REDIS_PASSWORD | redis round-trip"},
      {"tcp = true, port = \"a\"", "tcp [] 127.0.0.1:1 | tcp 127.0.0.1:1"},
      {"command = [\"run\", \"$EXAI_SERVICE\"]", "command [run,web] 127.0.0.1:0 | command run web"},
      {"process = true", "process [] 127.0.0.1:0 | process"},
  }));
  const Service service =
      web(world_with(kProcess + "ports = { a = 1, http = 2 }\nready = { " + check + " }\n"));
  const Check& ready = *service.ready;
  std::string read =
      fmt::format("{} [{}] {}:{}", ready.kind, join(ready.what, ","), ready.host, ready.port);
  for (const auto& [key, value] : ready.settings) read += fmt::format(" {}={}", key, value);
  CHECK(read + " | " + describe(ready) == expected);
}

TEST_CASE("a check's URL is a path on its port, or whole already") {
  Check check;
  check.port = 8082;
  CHECK(url_of(check, "/health") == "http://127.0.0.1:8082/health");
  check.host = "::1";
  CHECK(url_of(check, "/") == "http://[::1]:8082/");
  CHECK(url_of(check, "https://x/y") == "https://x/y");
  check.settings["https"] = "true";
  CHECK(url_of(check, "/") == "https://[::1]:8082/");
  CHECK(url_of(check, "http://x/y") == "http://x/y");
}

TEST_CASE("the only port of a service needs no name") {
  const Service service =
      web(world_with(kProcess + "ports = { main = 7 }\nready = { mcp = \"tools/call status\" }\n"));
  CHECK(url_of(*service.ready, "/mcp") == "http://127.0.0.1:7/mcp");
}

TEST_CASE("a check's CA is a file that begins at the stack file") {
  const auto ca_of = [](const std::string& path) {
    const Service service = web(world_with(
        kProcess + "ports = { main = 7 }\nready = { http = \"/\", https = true, ca = \"" + path +
        "\" }\n"));
    return Path(service.ready->setting("ca"));
  };
  CHECK(ca_of("tls/../ca.pem").filename() == "ca.pem");
  CHECK(ca_of("tls/../ca.pem").is_absolute());
  CHECK(ca_of("/etc/ca.pem") == "/etc/ca.pem");
}

TEST_CASE("the fingerprint changes with what runs, not with words or secrets") {
  const std::string render = "render = { \"x\" = \"x.tmpl\" }\n";
  MemoryWorld world = world_with(kProcess + render, "KIMI_API_KEY=sk-123456789\n");
  world.files["x.tmpl"] = "a";
  const std::string before = world.load().stack->fingerprint;
  const auto after = [&] { return world.load().stack->fingerprint; };
  CHECK(before.size() == 16);
  SECTION("a comment") {
    world.files["exai.toml"] = "# hello\n" + world.files["exai.toml"];
    CHECK(after() == before);
  }
  SECTION("the value of a secret") {
    world.files["dev.env"] = "KIMI_API_KEY=sk-987654321\n";
    CHECK(after() == before);
  }
  SECTION("a variable") {
    world.files["dev.env"] += "LOG_LEVEL=warn\n";
    CHECK(after() != before);
  }
  SECTION("a service") {
    world.files["exai.toml"] += "start_timeout = \"2s\"\n";
    CHECK(after() != before);
  }
  SECTION("a template") {
    world.files["x.tmpl"] = "b";
    CHECK(after() != before);
  }
}

TEST_CASE("everything that is wrong in all files is said in one run") {
  MemoryWorld world = world_with("proces = [\"run\"]\n", "REDIS_PORT=x\nLOG_LEVEL='\n");
  std::string codes;
  for (const Diagnostic& one : world.load().diagnostics) codes += one.code + " ";
  CHECK(codes == "CFG003 ENV001 CFG001 ");
  CHECK(world.load().stack == nullptr);
}

TEST_CASE("a file with thousands of mistakes gets as many messages as somebody may read") {
  std::string names;
  std::string keys;
  for (int i = 0; i < 20'000; ++i) {
    names += fmt::format("NO_{}=1\n", i);
    keys += fmt::format("no{} = 1\n", i);
  }
  const Loaded loaded = world_with(kProcess + keys, names).load();
  CHECK(loaded.diagnostics.size() == 200);
  CHECK(loaded.dropped.errors > 0);
  CHECK(loaded.stack == nullptr);
}

TEST_CASE("a flood of warnings hides no error") {
  std::string names;
  for (int i = 0; i < 300; ++i) names += fmt::format("# exai:allow {} x\n", i) + "LOG_LEVEL\n";
  const Loaded loaded = world_with(kProcess + "no = 1\n", names + "NO=1\n").load();
  CHECK(has_errors(loaded.diagnostics));
  CHECK(loaded.dropped.milder > 0);
  CHECK(loaded.stack == nullptr);
}

TEST_CASE("what follows from a layer that cannot be read names it as the cause") {
  MemoryWorld world = world_with("process = [\"run\", \"$GONE\"]\n");
  world.files.erase("dev.env");
  const Diagnostics found = world.load().diagnostics;
  REQUIRE(found.size() == 2);
  CHECK(found[0].message == "there is no file dev.env");
  CHECK(found[1].message == "GONE is not set");
  CHECK(found[1].cause == as_cause(found[0]));
  CHECK(as_cause(found[0]) == "exai.toml:4: there is no file dev.env");
}

TEST_CASE("a name whose own line cannot be read is not set because of that line") {
  const Diagnostics found =
      world_with("process = [\"run\", \"$MINE\"]\n", "MINE='x\n").load().diagnostics;
  REQUIRE(found.size() == 2);
  CHECK(found[0].code == "ENV001");
  CHECK(found[1].code == "ENV018");
  CHECK(found[1].cause == as_cause(found[0]));
}

TEST_CASE("a stack file of the wrong shape anywhere is only wrong, never a crash") {
  const std::string text =
      GENERATE(as<std::string>(), "", "stack = 1\nservices = 2\nenvironments = 3\nsecrets = 4\n",
               "[stack]\nname = 1\nvariables = 2\nenvironment = []\n[services]\na = "
               "1\n[environments]\ndev = 1\n",
               "[services.a]\nprocess = 1\nports = 2\nneeds = 3\nrender = 4\nready = 5\nsecrets = "
               "6\nenv = 7\n",
               "[services.a]\nprocess = [1]\nports = {a = []}\nneeds = {a = 3}\nrender = {x = "
               "1}\nready = {http = 1, port = 2}\n",
               "[services.a]\nprocess = []\nready = {command = 1}\nhealthy = {redis = 'x', "
               "password = 2}\nstop = 1\nrestart = 2\n",
               "[environments.dev]\nlayers = 1\n", "[environments.dev]\nlayers = [1, {}]\n");
  MemoryWorld world;
  world.files["exai.toml"] = text;
  const Loaded loaded = world.load();
  CHECK(loaded.stack == nullptr);
  CHECK(has_errors(loaded.diagnostics));
}

TEST_CASE("limits are read as numbers and sizes") {
  const Service service = web(world_with(
      kProcess +
      "limits = { open_files = 64, core = \"0B\", stack = \"unlimited\", memory = \"512MiB\", "
      "cpu = 1.5, tasks = 100, oom_score_adj = -5, processors = [0, 2] }\n"));
  CHECK(service.limits->resources == std::map<std::string, std::uint64_t>{
                                         {"open_files", 64}, {"core", 0}, {"stack", kUnlimited}});
  CHECK(service.limits->memory == 512U << 20U);
  CHECK(service.limits->cpu == 1.5);
  CHECK(service.limits->tasks == 100);
  CHECK(service.limits->oom_score == -5);
  CHECK(service.limits->processors == std::vector{0, 2});
  CHECK(web(world_with(kProcess + "limits = { cpu = 2 }\n")).limits->cpu == 2.0);
  CHECK_FALSE(web(world_with(kProcess)).limits);
}

TEST_CASE("a stack opens doors for others when its file says so") {
  MemoryWorld world = world_with(kProcess);
  const ControlAccess none = world.load().stack->control;
  CHECK_FALSE(none.socket);
  CHECK_FALSE(none.port);
  const std::string before = world.files["exai.toml"];
  const auto load = [&](const std::string& more) {
    world.files["exai.toml"] = before + "\n[control]\n" + more;
    return world.load();
  };
  const auto plain = load("socket = \"run/control.sock\"\n").stack->control;
  REQUIRE(plain.socket);
  CHECK(plain.socket->path.filename() == "control.sock");
  CHECK(plain.socket->path.is_absolute());
  CHECK(plain.socket->mode == 0660);
  CHECK(plain.may_change);
  const auto full = load(
                        "socket = \"/s\"\nsocket_mode = \"0640\"\ngroup = \"operators\"\n"
                        "access = \"read\"\nport = 7070\ntoken = \"CONTROL_TOKEN\"\n")
                        .stack->control;
  CHECK(full.socket->mode == 0640);
  CHECK(full.socket->group == "operators");
  CHECK(full.port->number == 7070);
  CHECK(full.port->token == "CONTROL_TOKEN");
  CHECK_FALSE(full.may_change);
  CHECK(full.port->certificate.empty());
  const std::string port = "port = 7070\ntoken = \"CONTROL_TOKEN\"\n";
  const auto secure = load(port + "certificate = \"tls/c.pem\"\nkey = \"/k.pem\"\n").stack->control;
  CHECK(secure.port->certificate.is_absolute());
  CHECK(secure.port->certificate.filename() == "c.pem");
  CHECK(secure.port->key == "/k.pem");
  CHECK_FALSE(load(port + "certificate = \"c.pem\"\n").stack);
  CHECK_FALSE(load(port + "key = \"k.pem\"\n").stack);
  CHECK_FALSE(load("socket = \"/s\"\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n").stack);
  CHECK_FALSE(load("socket = \"/s\"\nsocket_mode = \"0666\"\n").stack);  // anybody at all
  CHECK_FALSE(load("port = 7070\n").stack);                              // without a token
  CHECK_FALSE(load("").stack);
}

}  // namespace exai::config::test
