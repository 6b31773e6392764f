// Each kind of check against the real thing, in its good and its bad days.
#include <signal.h>

#include <catch2/catch.hpp>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/checks/check.hpp"
#include "tests/integration/fake_server.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using checks::Observation;
using checks::Subject;
using test::FakeConnection;
using test::FakeServer;

namespace {

struct World {
  Loop loop;
  SystemClock clock;
  HttpClient http{loop};
  checks::Checker checker{loop, clock, http};
};

config::Check check_of(std::string kind, std::vector<std::string> what = {}) {
  config::Check check;
  check.kind = std::move(kind);
  check.what = std::move(what);
  check.timeout = 10s;
  return check;
}

config::Check within(config::Check check, Duration timeout) {
  check.timeout = timeout;
  return check;
}

Observation observe(config::Check check, Subject subject = {}) {
  World world;
  return world.loop.run_until_done(world.checker.run(std::move(check), std::move(subject)));
}

// "ok: …" or "no: …"
std::string said(const Observation& observation) {
  return (observation.ok ? "ok: " : "no: ") + observation.detail;
}

Subject knowing(std::string name, std::string value) {
  Subject subject;
  subject.secret = [name, value](const std::string& variable) {
    return variable == name ? std::optional(Secret(value)) : std::nullopt;
  };
  return subject;
}

bool is_gone(pid_t pid) {
  const auto process = process_info(pid);
  return !process || process->state == 'Z';
}

}  // namespace

// --- process, command ---

TEST_CASE("a process is alive until it is not") {
  Subject subject;
  CHECK(said(observe(check_of("process"), subject)) == "no: there is no process");
  test::Command sleep;
  sleep.arguments = {"sleep", "60"};
  test::Process process(sleep);
  subject.pid = process.pid();
  const Observation alive = observe(check_of("process"), subject);
  CHECK(said(alive) == fmt::format("ok: process {} is alive", process.pid()));
  process.signal(SIGKILL);
  // Also while nobody has reaped it.
  CHECK(test::wait_until([&] { return is_gone(process.pid()); }));
  CHECK(said(observe(check_of("process"), subject)) ==
        fmt::format("no: process {} has ended", process.pid()));
}

TEST_CASE("a command says how it ended, and its last line") {
  const auto [script, expected] = GENERATE(table<const char*, const char*>({
      {"exit 0", "ok: exit code 0"},
      {"echo first; echo '  PONG '; echo", "ok: exit code 0 (last line: PONG)"},
      {"echo disk full >&2; exit 3", "no: exit code 3 (last line: disk full)"},
      {"kill -9 $$", "no: signal 9 (KILL)"},
      {"printf 'a\\033[31mb'", "ok: exit code 0 (last line: a\\x1b[31mb)"},
      {"exec >&- 2>&-; exit 4", "no: exit code 4"},
      {"head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end",
       "ok: exit code 0 (last line: end)"},
      {"echo $COLOUR", "ok: exit code 0 (last line: blue)"},
      {"echo home=$HOME", "ok: exit code 0 (last line: home=)"},
  }));
  INFO(script);
  Subject subject;
  subject.environment = {{"PATH", "/usr/bin:/bin"}, {"COLOUR", "blue"}};
  config::Check command = check_of("command");
  command.what = {"sh", "-c", script};
  CHECK(said(observe(command, subject)) == expected);
}

TEST_CASE("a command that is not there is named") {
  Subject subject;
  subject.environment = {{"PATH", "/nowhere"}};
  config::Check command = check_of("command");
  command.what = {"ping-it"};
  CHECK(said(observe(command, subject)) == "no: there is no program ping-it in /nowhere");
}

TEST_CASE("a command that hangs is killed with all that it started") {
  const test::TempDir folder;
  config::Check command = check_of("command");
  command.what = {"sh", "-c",
                  "sleep 60 & echo $! $$ > " + (folder / "pids").string() + "; echo busy; wait"};
  const Observation observation = observe(within(command, 1s));
  CHECK(said(observation) == "no: sh (last line: busy): no answer within 1s");
  const auto pids = split(std::string(trim(*read_file(folder / "pids"))), ' ');
  REQUIRE(pids.size() == 2);
  const auto sleeper = static_cast<pid_t>(*parse_integer(pids[0]));
  const auto shell = static_cast<pid_t>(*parse_integer(pids[1]));
  CHECK(test::wait_until([&] { return is_gone(sleeper); }));
  CHECK_FALSE(process_info(shell));  // reaped, too
}

TEST_CASE("what a command leaves behind delays nobody, and does not stay") {
  const test::TempDir folder;
  config::Check command = check_of("command");
  command.what = {"sh", "-c", "sleep 60 & echo $! > " + (folder / "pid").string() + "; echo up"};
  const Observation observation = observe(within(command, 20s));
  CHECK(said(observation) == "ok: exit code 0 (last line: up)");
  const auto sleeper = static_cast<pid_t>(*parse_integer(trim(*read_file(folder / "pid"))));
  CHECK(test::wait_until([&] { return is_gone(sleeper); }));
}

namespace {

Task<> keep(checks::Checker& checker, config::Check check, Subject subject,
            std::optional<Observation>& kept) {
  kept = co_await checker.run(std::move(check), std::move(subject));
}

Task<> cancel_when(TaskGroup& group, Clock& clock, std::function<bool()> ready) {
  while (!ready()) co_await clock.sleep_for(5ms);
  group.cancel();
  co_await group.join();
}

Task<> join(TaskGroup& group) {
  co_await group.join();
}

}  // namespace

TEST_CASE("a check that is cancelled observes nothing, and its command ends") {
  const test::TempDir folder;
  const Path file = folder / "pid";
  config::Check command = check_of("command");
  command.what = {"sh", "-c",
                  "echo $$ > " + file.string() + ".new; mv " + file.string() + ".new " +
                      file.string() + "; sleep 60"};
  World world;
  TaskGroup group(world.loop, Log());
  std::optional<Observation> kept;
  group.spawn("check", keep(world.checker, within(command, 60s), Subject(), kept));
  world.loop.run_until_done(
      cancel_when(group, world.clock, [&] { return std::filesystem::exists(file); }));
  CHECK_FALSE(kept);
  CHECK(is_gone(static_cast<pid_t>(*parse_integer(trim(*read_file(file))))));
}

// --- tcp, http ---

TEST_CASE("a tcp check connects, by address and by name, or says who refused") {
  config::Check tcp = check_of("tcp");
  tcp.host = GENERATE("127.0.0.1", "localhost");
  std::optional<FakeServer> server;
  server.emplace([](FakeConnection&) {});
  tcp.port = server->port();
  const std::string where = fmt::format("{}:{}", tcp.host, tcp.port);
  CHECK(said(observe(tcp)) == "ok: " + where + " accepts connections");
  server.reset();
  CHECK(said(observe(tcp)) == "no: connection refused by " + where);
}

TEST_CASE("an http check judges the status") {
  const auto [status, wanted, expected] = GENERATE(table<int, int, const char*>({
      {200, 0, "ok: HTTP 200 from /health/ready"},
      {204, 0, "ok: HTTP 204 from /health/ready"},
      {503, 0, "no: HTTP 503 from /health/ready"},
      {302, 0, "no: HTTP 302 from /health/ready"},
      {401, 401, "ok: HTTP 401 from /health/ready"},
      {200, 401, "no: HTTP 200 from /health/ready, expected 401"},
  }));
  const FakeServer server([status = status](FakeConnection& peer) {
    while (peer.read_request()) peer.answer(status, "");
  });
  config::Check http = check_of("http", {server.url("/health/ready")});
  if (wanted != 0) http.settings["status"] = std::to_string(wanted);
  CHECK(said(observe(http)) == expected);
}

TEST_CASE("an http check that gets no answer says so") {
  config::Check http = check_of("http");
  {
    const FakeServer server([](FakeConnection& peer) { peer.wait_closed(); });
    http.what = {server.url("/health/live")};
    const Observation observation = observe(within(http, 300ms));
    CHECK(said(observation) == "no: GET /health/live: no answer within 300ms");
    CHECK(observation.took >= 300ms);
  }
  const std::uint16_t port = test::free_port();
  http.port = port;
  http.what = {"/health/live"};
  CHECK(said(observe(http)) == fmt::format("no: connection refused by 127.0.0.1:{}", port));
}

// --- redis ---

namespace {

config::Check redis_at(std::uint16_t port, const std::string& password) {
  config::Check check = check_of("redis", {"round-trip"});
  check.port = port;
  if (!password.empty()) check.settings["password"] = password;
  return check;
}

std::string redis_cli(const test::RealRedis& redis, std::vector<std::string> words) {
  test::Command command;
  command.arguments = {"redis-cli", "-p", std::to_string(redis.port())};
  command.arguments.insert(command.arguments.end(), words.begin(), words.end());
  command.environment["REDISCLI_AUTH"] = redis.password();
  return std::string(trim(test::run(command).out));
}

}  // namespace

TEST_CASE("a redis check writes, reads and deletes, and leaves nothing") {
  const test::RealRedis redis;
  const config::Check check = redis_at(redis.port(), "PASS");
  CHECK(said(observe(check, knowing("PASS", redis.password()))) == "ok: SET, GET, DEL answered");
  CHECK(redis_cli(redis, {"DBSIZE"}) == "0");
  CHECK_THAT(redis_cli(redis, {"INFO", "commandstats"}),
             Catch::Contains("cmdstat_set:calls=1,") && Catch::Contains("cmdstat_get:calls=1,") &&
                 Catch::Contains("cmdstat_del:calls=1,"));
}

TEST_CASE("a redis check tells the reasons of a refusal apart") {
  const test::RealRedis redis;
  const config::Check with = redis_at(redis.port(), "PASS");
  const config::Check without = redis_at(redis.port(), "");
  CHECK(said(observe(with, knowing("PASS", "wrong"))) == "no: AUTH refused: the password is wrong");
  CHECK(said(observe(with)) ==
        "no: SET refused: this Redis wants a password, and PASS has no value");
  CHECK(said(observe(without)) ==
        "no: SET refused: this Redis wants a password, and the check names none");
  redis_cli(redis, {"CONFIG", "SET", "maxmemory", "1"});
  CHECK_THAT(said(observe(with, knowing("PASS", redis.password()))),
             Catch::StartsWith("no: SET refused: OOM "));
  redis_cli(redis, {"CONFIG", "SET", "maxmemory", "0"});
  redis_cli(redis, {"CONFIG", "SET", "requirepass", ""});
  CHECK(said(observe(without)) == "ok: SET, GET, DEL answered");
  CHECK(said(observe(with, knowing("PASS", "any"))) ==
        "no: AUTH refused: this Redis has no password, but the check names one");
}

TEST_CASE("a redis check follows its server down and up again") {
  test::RealRedis redis;
  const config::Check check = redis_at(redis.port(), "PASS");
  const Subject subject = knowing("PASS", redis.password());
  CHECK(observe(check, subject).ok);
  redis.kill();
  CHECK(said(observe(check, subject)) ==
        fmt::format("no: connection refused by 127.0.0.1:{}", redis.port()));
  redis.start();
  CHECK(observe(check, subject).ok);
}

TEST_CASE("a redis that hangs delays its own check and no other") {
  test::RealRedis hung;
  const test::RealRedis well;
  hung.freeze();
  World world;
  TaskGroup group(world.loop, Log());
  std::vector<std::optional<Observation>> slow(5);
  std::vector<std::optional<Observation>> quick(5);
  for (auto& kept : slow)
    group.spawn("hung", keep(world.checker, within(redis_at(hung.port(), "PASS"), 3s),
                             knowing("PASS", hung.password()), kept));
  for (auto& kept : quick)
    group.spawn("well", keep(world.checker, redis_at(well.port(), "PASS"),
                             knowing("PASS", well.password()), kept));
  world.loop.run_until_done(join(group));
  for (const auto& kept : slow) {
    CHECK(said(*kept) == "no: AUTH: no answer within 3s");
    CHECK(kept->took < 6s);
  }
  for (const auto& kept : quick) {
    CHECK(said(*kept) == "ok: SET, GET, DEL answered");
    CHECK(kept->took < 3s);
  }
  hung.thaw();
}

TEST_CASE("a redis check knows what is no Redis, and a false answer") {
  const auto [bytes, expected] = GENERATE(table<std::string, const char*>({
      {"HTTP/1.1 400 Bad Request\r\n\r\n",
       "no: SET: what answers does not speak Redis: Protocol error, got \"H\" as reply type byte"},
      {"", "no: SET: the connection was closed without an answer"},
      {"+OK\r\n$5\r\nother\r\n", "other"},
      {"+QUEUED\r\n", "no: SET answered \"QUEUED\", not \"OK\""},
      {":1\r\n", "no: SET answered 1, not \"OK\""},
      {"$100000000\r\n" + std::string(100000, 'x'), "no: SET: the answer is larger than 64 KiB"},
  }));
  const FakeServer server([bytes = bytes](FakeConnection& peer) {
    peer.read_some();
    peer.write(bytes);
  });
  const std::string observed = said(observe(redis_at(server.port(), "")));
  if (std::string_view(expected) == "other")
    CHECK_THAT(observed, Catch::StartsWith("no: GET answered \"other\", not \""));
  else
    CHECK(observed == expected);
}
