// One secret, put everywhere a secret may be; then every command there is, and every program. It
// may stand in the files that are meant to hold it, and nowhere else: in no output, log, snapshot
// or command line, in none of the forms a text may carry it in.
//
// A new command needs a line in kLines, or the first test fails.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "cli/commands.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/secrets/store.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using test::Outcome;

namespace {

namespace fs = std::filesystem;

const std::string kCanary = "kanarie/7Qz+9xW~vG&aL=m4?Tb";

using Words = std::vector<std::string>;

// Every command, as people use it; what is not in this list is not safe. The lines of a command
// that does not exist are not run.
const std::map<std::string, std::vector<Words>, std::less<>> kLines = {
    {"validate",
     {{},
      {"--json"},
      {"--list-rules"},
      {"--format", "text"},
      {"--format", "json"},
      {"--format", "sarif"},
      {"--format", "github"},
      {"--fix=suggest"},
      {"--strict"},
      {"."}}},
    {"up", {{}, {"--json"}}},
    {"start", {{"web"}, {"web", "--json"}}},
    {"signal", {{"CONT", "web"}, {"CONT", "web", "--json"}}},
    {"stop", {{"web"}, {"web", "--json"}}},
    {"restart", {{"web"}, {"--json"}}},
    {"reload", {{"--dry-run"}, {"--dry-run", "--json"}, {}, {"--json"}}},
    {"scale", {{"web=2"}, {"web=2", "--json"}}},
    {"upgrade-supervisor", {{}, {"--json"}}},
    {"export systemd", {{}}},
    {"status", {{}, {"--json"}}},
    {"top", {{}, {"--json"}}},
    {"events", {{}, {"--json"}}},
    {"graph", {{}, {"--json"}, {"--format", "text"}, {"--format", "dot"}, {"--format", "mermaid"}}},
    {"logs", {{}, {"--json"}, {"--tail", "1000", "web"}, {"--since", "1h", "--grep", "a"}}},
    {"doctor", {{}, {"--json"}}},
    {"health", {{}, {"--json"}}},
    // With --json, env show prints the values: that is what it is for.
    {"env show",
     {{".env"},
      {"broken.env"},
      {".env", "--reader", "compose"},
      {".env", "--reader", "python"},
      {".env", "--reader", "npm"},
      {".env", "--reader", "bash"},
      {".env", "--reader", "docker"},
      {".env", "--reader", "systemd"},
      {"broken.env", "--reader", "compose"},
      {"broken.env", "--reader", "python"},
      {"broken.env", "--reader", "npm"},
      {"broken.env", "--reader", "bash"},
      {"broken.env", "--reader", "docker"},
      {"broken.env", "--reader", "systemd"}}},
    {"env check", {{}, {"--json"}, {".env"}, {".env", "--json"}}},
    {"env diff",
     {{".env", "other.env"},
      {".env", "other.env", "--json"},
      {"other.env", "copy.env"},
      {"copy.env", "other.env", "--json"}}},
    {"env sync", {{"--dry-run"}, {".env"}, {"--dry-run", "plain.env", "--example", "copy.env"}}},
    {"config show", {{}, {"--json"}, {"--changed"}, {"--service", "web"}}},
    {"config explain",
     {{"KIMI_API_KEY"},
      {"GLM_API_KEY"},
      {"CUSTOM_API_KEY"},
      {"APP_PASSWORD"},
      {"REDIS_PASSWORD"},
      {"MY_OWN"},
      {"KIMI_API_KEY", "--json"},
      {"MY_OWN", "--json"}}},
    {"config diff", {{"dev", "prod"}, {"dev", "prod", "--json"}}},
    {"config matrix",
     {{}, {"--format", "md"}, {"--format", "json"}, {"--format", "html"}, {"--format", "table"}}},
    {"config schema", {{}, {"--json"}}},
    {"secret init", {{}, {"--json"}}},
    {"secret set", {{"MY_OWN"}, {"MY_OWN", "--json"}}},
    {"secret get", {{"ABSENT"}}},  // with a name that is there it prints the value, and only then
    {"secret list", {{}, {"--json"}}},
    {"secret rotate", {{"MY_OWN"}, {"MY_OWN", "--json"}, {"ABSENT"}}},
    {"secret remove", {{"ABSENT"}, {"ABSENT", "--json"}}},
    {"secret check", {{}, {"--json"}}},
    {"secret import", {{".env"}, {".env", "--json"}, {".env", "--replace"}, {"broken.env"}}},
    {"mcp config",
     {{},
      {"vscode", "--up"},
      {"--install", "cursor", "--project", "--dry-run"},
      {"--install", "cursor", "--project"},
      {"--install", "cursor", "--project", "--json"}}},
    {"completion", {{"bash"}, {"services"}}},
    {"version", {{}, {"--json"}}},
    {"down", {{}}},
};

// "env show" and the like, and commands without verbs.
std::vector<std::string> all_commands() {
  const auto nowhere = [](std::string_view) {};
  cli::Context context{{}, cli::Stream(nowhere), cli::Stream(nowhere)};
  std::vector<std::string> names;
  for (const cli::Command& command : cli::commands()) {
    const auto verbs = cli::Args::describe(command, context).verbs;
    for (const cli::Described& verb : verbs) names.push_back(verb.name);
    if (verbs.empty()) names.emplace_back(command.name);
  }
  return names;
}

// --- the forms, made in another way than the redactor makes them ---

std::string base64(std::string_view bytes) {
  const auto encoded =
      test::run({{"base64", "-w0"}, current_environment(), {}, std::string(bytes)});
  return encoded.out;
}

std::set<std::string> forms() {
  std::set<std::string> found{kCanary, replace_all(kCanary, "/", "\\/")};
  std::string upper;
  std::string lower;
  for (const char c : kCanary) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '~';
    const auto code = static_cast<unsigned char>(c);
    upper += plain ? std::string(1, c) : fmt::format("%{:02X}", code);
    lower += plain ? std::string(1, c) : fmt::format("%{:02x}", code);
  }
  found.insert({upper, lower});
  // The middle of what stands behind 0, 1 and 2 other bytes.
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string encoded = base64(std::string(before, 'x') + kCanary);
    const std::string middle = encoded.substr(4, kCanary.size() * 4 / 3 - 6);
    found.insert({middle, replace_all(replace_all(middle, "+", "-"), "/", "_")});
  }
  return found;
}

std::string seen_in(std::string_view text) {
  static const std::set<std::string> kForms = forms();
  for (const std::string& form : kForms)
    if (text.find(form) != std::string_view::npos) return form;
  return {};
}

// --- the world ---

class Aviary {
 public:
  Aviary() {
    for (int i = 0; i < 3; ++i) ports_.push_back(test::free_port());
    folder_.write("exai.toml", stack("STORE_LATER"));
    folder_.write(".env", "KIMI_API_KEY='" + kCanary + "'\nEXAI_WS_TOKEN='" + kCanary + "'\n");
    folder_.write(".env.local", "STRAY_TOKEN='" + kCanary + "'\n");  // read by validate alone
    folder_.write("other.env", "KIMI_API_KEY='another-one-" + kCanary + "'\n");
    // What is secret under one name is so under every other.
    folder_.write("copy.env", "KIMI_API_KEY='" + kCanary + "'\nNOTE=\"like " + kCanary + "\"\n");
    folder_.write("plain.env", "LOG_LEVEL=info\n");
    folder_.write("broken.env", "KIMI_API_KEY=\"" + kCanary + "\n");
    folder_.write("compose.yaml",
                  "services:\n  web:\n    image: nginx:1.25\n    environment:\n"
                  "      STRIPE_SECRET: '" +
                      kCanary +
                      "'\n      DB_URL: "
                      "'postgres://app:" +
                      kCanary + "@db/app'\n");
    folder_.write("credentials/REDIS_PASSWORD", kCanary);
    folder_.write("web.sh", R"sh(
for f in $KIMI_API_KEY_FILE $GLM_API_KEY_FILE $MY_OWN_FILE $APP_PASSWORD_FILE; do
  cat $f; echo; echo "key=$(cat $f)" >&2; base64 <$f; printf 'user:%s' "$(cat $f)" | base64 -w0; echo
done
cat $KIMI_API_KEY_FILE >shown.secret
exec sleep 1000
)sh");
    const Path kept = folder_ / "state/secrets/APP_PASSWORD";
    for (const char* part : {"state", "state/secrets"})
      REQUIRE(make_private_directory(folder_ / part));
    REQUIRE(write_file_atomic(kept, kCanary, 0600));
    REQUIRE(exai({"secret", "init", "--file", "init.toml"}).exit == 2);  // there is no such file
    folder_.write("exai.toml", stack("secrets/dev.age"));
    const Outcome made = exai({"secret", "init"});
    INFO(made.err);
    REQUIRE(made.exit == 0);
    REQUIRE(exai({"secret", "set", "MY_OWN"}, kCanary).exit == 0);
    REQUIRE(exai({"secret", "set", "GLM_API_KEY"}, kCanary).exit == 0);
  }
  ~Aviary() { exai({"down"}); }

  Outcome exai(const Words& words, const std::string& input = "") const {
    return test::run(command(words, input), 60s);
  }
  test::Command command(const Words& words, const std::string& input) const {
    test::Command command;
    command.arguments = {EXAI};
    command.arguments.insert(command.arguments.end(), words.begin(), words.end());
    auto& environment = command.environment;
    environment["EXAI_STATE_DIR"] = (folder_ / "state").string();
    environment["EXAI_IDENTITY_FILE"] = (folder_ / "identity.txt").string();
    environment["CREDENTIALS_DIRECTORY"] = (folder_ / "credentials").string();
    environment["CUSTOM_API_KEY"] = kCanary;
    environment["EXAI_WS_PORT"] = std::to_string(ports_[0]);
    environment["HEALTH_CHECK_PORT"] = std::to_string(ports_[1]);
    environment["METRICS_PORT"] = std::to_string(ports_[2]);
    for (const char* name : {"EXAI_FILE", "EXAI_ENV"}) environment.erase(name);
    command.directory = folder_.path();
    command.input = input;
    return command;
  }
  void write(std::string_view name, std::string_view text) const { folder_.write(name, text); }
  const Path& path() const { return folder_.path(); }

  // Files that are meant to hold secrets: the sources, the kept and the delivered ones.
  bool may_hold(const Path& file) const {
    const std::string name = fs::relative(file, folder_.path()).string();
    static const std::set<std::string> kSources = {
        ".env",     ".env.local",   "other.env",    "broken.env",
        "copy.env", "compose.yaml", "shown.secret", "credentials/REDIS_PASSWORD"};
    return kSources.contains(name) || name.starts_with("state/secrets/") ||
           (name.starts_with("state/run/") && name.find("/secrets/") != std::string::npos);
  }

 private:
  static std::string stack(const std::string& store) {
    return R"([stack]
name = "aviary"
environment = "dev"
[environments.dev]
layers = [".env"]
secrets = ")" +
           store + R"("
[environments.prod]
layers = ["other.env"]
[secrets.APP_PASSWORD]
generate = 32
[services.web]
process = ["sh", "web.sh"]
secrets = ["KIMI_API_KEY", "GLM_API_KEY", "CUSTOM_API_KEY", "MY_OWN", "APP_PASSWORD", "REDIS_PASSWORD"]
ready = { command = ["sh", "-c", "cat shown.secret"], every = "50ms", timeout = "2s" }
healthy = { command = ["sh", "-c", "cat shown.secret; exit 1"], every = "100ms", timeout = "2s", failures = 1000 }
[services.exaid]
process = ["exaid"]
secrets = ["KIMI_API_KEY", "GLM_API_KEY", "CUSTOM_API_KEY", "EXAI_WS_TOKEN", "REDIS_PASSWORD"]
ports = { mcp = "${EXAI_WS_PORT}", health = "${HEALTH_CHECK_PORT}", metrics = "${METRICS_PORT}" }
ready = { mcp = "tools/call status", token = "EXAI_WS_TOKEN", every = "200ms", timeout = "2s" }
stop = { grace = "20s" }
)";
  }

  test::TempDir folder_;
  std::vector<std::uint16_t> ports_;
};

void run_all(const Aviary& aviary, const std::set<std::string>& but) {
  for (const std::string& name : all_commands()) {
    if (but.contains(name)) continue;
    const auto lines = kLines.find(name);
    if (lines == kLines.end()) continue;  // the first test says so
    for (const Words& more : lines->second) {
      Words words = split(name, ' ');
      words.insert(words.end(), more.begin(), more.end());
      const bool reads = name == "secret set";
      const Outcome outcome = aviary.exai(words, reads ? kCanary : "");
      INFO("exai " << join(words, " "));
      CHECK(outcome.exit != -1);
      CHECK(seen_in(outcome.out).empty());
      CHECK(seen_in(outcome.err).empty());
    }
  }
}

void look_at_files(const Aviary& aviary) {
  for (const auto& entry : fs::recursive_directory_iterator(aviary.path())) {
    if (!entry.is_regular_file() || aviary.may_hold(entry.path())) continue;
    INFO(entry.path());
    CHECK(seen_in(read_file(entry.path()).value_or("")).empty());
  }
}

// Of all that we started; they carry the mark of the folder in their environment.
void look_at_processes(const Aviary& aviary) {
  const std::string mark = "EXAI_STATE_DIR=" + (aviary.path() / "state").string();
  std::size_t found = 0;
  for (const ProcessInfo& process : all_processes()) {
    const std::string folder = fmt::format("/proc/{}/", process.pid);
    const std::string environment = read_file(folder + "environ").value_or("");
    if (environment.find(mark) == std::string::npos || process.pid == ::getpid()) continue;
    ++found;
    INFO(process.program);
    CHECK(seen_in(read_file(folder + "cmdline").value_or("")).empty());
    // The supervisor was given the environment of this test, secret and all.
    if (environment.find("EXAI_SERVICE=") != std::string::npos) CHECK(seen_in(environment).empty());
  }
  CHECK(found >= 1);  // those that forbid dumps are only seen by root
}

}  // namespace

TEST_CASE("every command has its canary lines") {
  for (const std::string& name : all_commands()) {
    INFO("a line for exai " << name << " is missing in kLines");
    CHECK(kLines.contains(name));
  }
}

TEST_CASE("the canary is recognised in each form") {
  CHECK_FALSE(seen_in("x" + kCanary).empty());
  CHECK_FALSE(seen_in(base64("user:" + kCanary)).empty());
  CHECK_FALSE(seen_in(base64("us:" + kCanary)).empty());
  CHECK_FALSE(seen_in(base64("u:" + kCanary)).empty());
  CHECK(seen_in(base64("another")).empty());
}

TEST_CASE("a secret that is everywhere is seen nowhere: the stack runs") {
  const Aviary aviary;
  const Outcome up = aviary.exai({"up"});
  INFO(up.out << up.err);
  CHECK(up.exit == 0);
  CHECK(seen_in(up.out + up.err).empty());
  REQUIRE(test::wait_until([&] {
    return read_file(aviary.path() / "state/logs/web.log").value_or("").find("[") !=
           std::string::npos;
  }));
  run_all(aviary, {"down", "up", "secret rotate"});
  look_at_processes(aviary);
  look_at_files(aviary);
  run_all(aviary, {"down"});
  look_at_files(aviary);
  const Outcome down = aviary.exai({"down"});
  CHECK(seen_in(down.out + down.err).empty());
  look_at_files(aviary);
}

TEST_CASE("a secret that is everywhere is seen nowhere: the configuration is broken") {
  const Aviary aviary;
  const std::string env = *read_file(aviary.path() / ".env");
  const std::string file = *read_file(aviary.path() / "exai.toml");
  const std::string breaks[] = {
      env + "EXAI_WS_PORT=none\nKIMI_API_KEY=\"" + kCanary + "\n",
      env + "LOG_LEVEL=" + kCanary + "\nGLM_API_KEY='" + kCanary + "' " + kCanary + "\n",
      env + "export GLM_API_KEY = " + kCanary + "${\nMY_OWN=" + kCanary + "\n",
  };
  for (const std::string& broken : breaks) {
    aviary.write(".env", broken);
    run_all(aviary, {"up", "restart", "logs", "doctor", "health"});
  }
  aviary.write(".env", env);
  aviary.write("exai.toml", file + "[services.web.env]\nKEY = \"${MY_OWN}\"\nOTHER = 1.5.6\n");
  run_all(aviary, {"up", "restart", "logs"});
  aviary.write("exai.toml", file + "[services.two]\nprocess = [\"x\", \"${KIMI_API_KEY}\", \"" +
                                "--password=${MY_OWN}\"]\n");
  run_all(aviary, {"restart", "logs"});
  look_at_files(aviary);
}
