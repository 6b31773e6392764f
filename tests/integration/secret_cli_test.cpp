// `exai secret` as people use it, and a kill at any moment of a rotation.
#include <signal.h>

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/secrets/store.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using test::Outcome;

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStack = R"([stack]
name = "try"
environment = "dev"
[environments.dev]
secrets = "STORE"
[services.web]
process = ["sleep", "1000"]
secrets = ["KIMI_API_KEY"]
)";

// A stack with a store, in a folder of its own.
class Desk {
 public:
  explicit Desk(const std::string& store = "secrets/dev.age") : store_(store) {
    folder_.write("exai.toml", replace_all(std::string(kStack), "STORE", store));
  }
  ~Desk() { exai({"down"}); }

  test::Command command(std::vector<std::string> words, const std::string& input = "") const {
    test::Command command;
    command.arguments = {EXAI};
    command.arguments.insert(command.arguments.end(), words.begin(), words.end());
    command.environment["EXAI_STATE_DIR"] = (folder_ / "state").string();
    command.environment["EXAI_IDENTITY_FILE"] = (folder_ / "home/identity.txt").string();
    command.environment.erase("EXAI_FILE");
    command.environment.erase("EXAI_ENV");
    command.directory = folder_.path();
    command.input = input;
    return command;
  }
  Outcome exai(std::vector<std::string> words, const std::string& input = "") const {
    return test::run(command(std::move(words), input));
  }
  Outcome secret(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), "secret");
    return exai(std::move(words), input);
  }
  Path path(std::string_view name) const { return folder_ / name; }
  Path store() const { return folder_ / store_; }
  void write(std::string_view name, std::string_view text) const { folder_.write(name, text); }

 private:
  std::string store_;
  test::TempDir folder_;
};

unsigned mode(const Path& path) {
  return static_cast<unsigned>(fs::status(path).permissions());
}

}  // namespace

TEST_CASE("a secret is set from stdin, listed without a key, and read back") {
  for (const char* form : {"secrets/dev.age", "secrets/dev"}) {
    INFO(form);
    const Desk desk(form);
    const Outcome before = desk.secret({"set", "KIMI_API_KEY"}, "value-of-mine-1234\n");
    CHECK(before.exit == 1);
    CHECK_THAT(before.err, Catch::Contains("make it: exai secret init"));

    const Outcome made = desk.secret({"init"});
    INFO(made.err);
    REQUIRE(made.exit == 0);
    CHECK_THAT(made.out, Catch::Contains("made " + desk.store().string()));
    CHECK(desk.secret({"init"}).exit == 0);
    if (desk.store().extension() == ".age") {
      CHECK(mode(desk.path("home/identity.txt")) == 0600);
      CHECK(mode(desk.path("home")) == 0700);
      CHECK(mode(desk.store()) == 0600);
    }

    const Outcome set =
        desk.secret({"set", "KIMI_API_KEY", "--expires", "90d"}, "value-of-mine-1234\n");
    INFO(set.err);
    CHECK(set.exit == 0);
    CHECK_THAT(set.out, Catch::StartsWith("KIMI_API_KEY (length 18, "));
    CHECK(set.err.empty());
    CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == "value-of-mine-1234");
    CHECK(find_string(*parse_json_object(desk.secret({"get", "KIMI_API_KEY", "--json"}).out),
                      "value") == "value-of-mine-1234");

    if (desk.store().extension() == ".age") fs::rename(desk.path("home"), desk.path("away"));
    const Outcome list = desk.secret({"list", "--json"});
    const auto object = parse_json_object(list.out);
    REQUIRE(object);
    const auto& first = find_array(*object, "secrets")->at(0).as_object();
    CHECK(find_string(first, "name") == "KIMI_API_KEY");
    CHECK(find_integer(first, "length") == 18);
    CHECK(find_array(first, "used_by")->size() == (form[11] == '.' ? 0 : 1));
    CHECK_THAT(desk.secret({"list"}).out, Catch::Contains("KIMI_API_KEY"));
    CHECK_THAT(list.out + desk.secret({"list"}).out, !Catch::Contains("value-of-mine"));
  }
}

TEST_CASE("what cannot be done is said, with the exit code that says so too") {
  const Desk desk;
  REQUIRE(desk.secret({"init"}).exit == 0);
  REQUIRE(desk.secret({"set", "KIMI_API_KEY"}, "value-of-mine-1234").exit == 0);
  struct Row {
    std::vector<std::string> words;
    std::string input;
    int exit;
    std::string says;
  };
  const Row rows[] = {
      {{"get", "KIMI_API_KEX"}, "", 1, "unknown secret \"KIMI_API_KEX\"; did you mean"},
      {{"get"}, "", 2, "the NAME of the secret is missing"},
      {{"get", "A", "B"}, "", 2, "one NAME at a time"},
      {{"set", "A-B"}, "x", 1, "\"A-B\" is no name of a variable"},
      {{"set", "A"}, "", 1, "A: the value is empty"},
      {{"set", "A", "--expires", "soon"}, "x", 2, "--expires: "},
      {{"set", "A", "--generate", "4"}, "", 2, "--generate: from 16 to 1024 characters"},
      {{"set", "A=value"}, "", 1, "is no name of a variable"},
      {{"rotate", "NONE"}, "", 1, "NONE is not in dev.age"},
      {{"remove", "NONE"}, "", 1, "NONE is not in dev.age"},
      {{"import", "absent.env"}, "", 2, "absent.env"},
      {{"list", "--env", "nope"}, "", 2, ""},
  };
  for (const Row& row : rows) {
    INFO(join(row.words, " "));
    const Outcome outcome = desk.secret(row.words, row.input);
    CHECK(outcome.exit == row.exit);
    CHECK_THAT(outcome.err, Catch::Contains(row.says));
  }
  CHECK(desk.secret({"set", "EXAI_WS_TOKEN", "--generate", "40"}).exit == 0);
  CHECK(desk.secret({"get", "EXAI_WS_TOKEN"}).out.size() == 40);
  CHECK(desk.secret({"remove", "EXAI_WS_TOKEN"}).exit == 0);
  CHECK(desk.secret({"get", "EXAI_WS_TOKEN"}).exit == 1);
}

TEST_CASE("an environment file is imported as far as it is secret") {
  const Desk desk;
  REQUIRE(desk.secret({"init"}).exit == 0);
  desk.write("old.env",
             "KIMI_API_KEY='from the old file'\nLOG_LEVEL=debug\nMY_TOKEN=abc-def-ghi\n");
  const Outcome done = desk.secret({"import", "old.env"});
  INFO(done.err);
  CHECK(done.exit == 0);
  CHECK(done.out ==
        "2 secrets from old.env into secrets/dev.age: KIMI_API_KEY, MY_TOKEN\n"
        "left where they are, no secrets by their names: LOG_LEVEL\n"
        "  (name them to import them all the same)\n"
        "now remove them from old.env\n");
  CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == "from the old file");
  CHECK(desk.secret({"import", "old.env", "LOG_LEVEL"}).exit == 0);
  CHECK(desk.secret({"get", "LOG_LEVEL"}).out == "debug");

  desk.write("new.env", "KIMI_API_KEY='from the new file'\n");
  const Outcome refused = desk.secret({"import", "new.env"});
  CHECK(refused.exit == 1);
  CHECK_THAT(refused.err, Catch::Contains("KIMI_API_KEY is in the store with another value"));
  CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == "from the old file");
  CHECK(desk.secret({"import", "new.env", "--replace"}).exit == 0);
  CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == "from the new file");

  // Anything that prints JSON is a sops to us.
  desk.write("bin/sops", "#!/bin/sh\nprintf '{\"GLM_API_KEY\": \"from-sops-1234\"}'\n");
  fs::permissions(desk.path("bin/sops"), fs::perms::owner_all);
  test::Command sops = desk.command({"secret", "import", "--from-sops", "x.yaml"});
  sops.environment["PATH"] = desk.path("bin").string() + ":/usr/bin:/bin";
  CHECK(test::run(sops).exit == 0);
  CHECK(desk.secret({"get", "GLM_API_KEY"}).out == "from-sops-1234");
}

TEST_CASE("check finds what is wrong with a store") {
  const Desk desk("secrets/dev");
  REQUIRE(desk.secret({"init"}).exit == 0);
  REQUIRE(desk.secret({"set", "GOOD_ONE", "--generate", "32"}).exit == 0);
  const Outcome fine = desk.secret({"check"});
  CHECK(fine.exit == 0);
  CHECK(fine.out == "secrets/dev: no problems\n");

  REQUIRE(desk.secret({"set", "EXAMPLE_ONE"}, "your_key_here").exit == 0);
  REQUIRE(desk.secret({"set", "WEAK_ONE"}, "abcabcabc").exit == 0);
  REQUIRE(desk.secret({"set", "AGAIN"}, "abcabcabc").exit == 0);
  REQUIRE(desk.secret({"set", "SOON", "--expires", "5d"}, "7vQ2xLp9Zr5Tk1Vb8Yn3").exit == 0);
  REQUIRE(desk.secret({"set", "GONE", "--expires", "1ms"}, "8wQ2xLp9Zr5Tk1Vb8Yn3").exit == 0);
  const auto codes = [&] {
    std::multiset<std::string> found;
    const Outcome outcome = desk.secret({"check", "--json"});
    CHECK(outcome.exit == 1);
    const auto object = parse_json_object(outcome.out);
    REQUIRE(object);
    for (const auto& one : *find_array(*object, "findings"))
      found.insert(*find_string(one.as_object(), "code"));
    return found;
  };
  CHECK(codes() ==
        std::multiset<std::string>{"SEC005", "SEC006", "SEC006", "SEC007", "SEC014", "SEC014"});
  CHECK_THAT(desk.secret({"check"}).out, !Catch::Contains("abcabcabc"));
  fs::permissions(desk.store() / "GOOD_ONE", fs::perms(0644));
  CHECK(codes() == std::multiset<std::string>{"SEC009", "SEC014", "SEC014"});
  fs::permissions(desk.store() / "GOOD_ONE", fs::perms(0600));
  REQUIRE(test::run({"git", "-C", desk.path("").string(), "init", "-q"}).exit == 0);
  REQUIRE(
      test::run({"git", "-C", desk.path("").string(), "add", "-f", "secrets/dev/GOOD_ONE"}).exit ==
      0);
  CHECK(codes().count("SEC010") == 1);
}

TEST_CASE("config show --service says what a service of the stack really starts with") {
  const Desk desk("secrets/dev");
  desk.write("exai.toml",
             "[stack]\nname = \"try\"\nenvironment = \"dev\"\n"
             "[environments.dev]\nsecrets = \"secrets/dev\"\n"
             "[services.web]\n"
             "process = [\"sh\", \"-c\", \"env >$EXAI_SERVICE_DIR/new && mv "
             "$EXAI_SERVICE_DIR/new $EXAI_SERVICE_DIR/seen && exec sleep 1000\"]\n"
             "env = { OWN = \"of mine\" }\n"
             "secrets = [\"KIMI_API_KEY\"]\n");
  REQUIRE(desk.secret({"init"}).exit == 0);
  REQUIRE(desk.secret({"set", "KIMI_API_KEY"}, "7vQ2xLp9Zr5Tk1Vb8Yn3").exit == 0);
  const Outcome up = desk.exai({"up"});
  INFO(up.err);
  REQUIRE(up.exit == 0);
  const Path seen = desk.path("state/run/web/seen");
  REQUIRE(test::wait_until([&] { return fs::exists(seen); }));
  std::map<std::string, std::string> real;
  for (const std::string& line : split(*read_file(seen), '\n'))
    if (const std::size_t equals = line.find('='); equals != std::string::npos)
      real[line.substr(0, equals)] = line.substr(equals + 1);
  for (const char* of_the_shell : {"PWD", "OLDPWD", "SHLVL", "_"}) real.erase(of_the_shell);

  const Outcome outcome = desk.exai({"config", "show", "--service", "web", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.exit == 0);
  const auto document = parse_json_object(outcome.out);
  REQUIRE(document);
  std::map<std::string, std::string> shown;
  std::map<std::string, std::string> from;
  for (const auto& [name, one] : document->at("environment").as_object()) {
    shown[std::string(name)] = *find_string(one.as_object(), "value");
    from[std::string(name)] = *find_string(one.as_object(), "from");
  }
  CHECK(shown == real);
  CHECK(from["OWN"] == "services.web.env");
  CHECK(from["EXAI_SERVICE"] == "exai");
  CHECK(from["KIMI_API_KEY_FILE"] == "services.web.secrets");
  CHECK(shown["KIMI_API_KEY_FILE"] == desk.path("state/run/web/secrets/KIMI_API_KEY").string());
  CHECK_THAT(desk.exai({"config", "show", "--service", "web"}).out,
             Catch::Contains("OWN") && Catch::Contains("of mine"));
  const Outcome unknown = desk.exai({"config", "show", "--service", "wen"});
  CHECK(unknown.exit == 2);
  CHECK_THAT(unknown.err, Catch::Contains("did you mean"));
}

TEST_CASE("credentials that cannot be read are told") {
  const Desk desk("secrets/dev");
  REQUIRE(desk.secret({"init"}).exit == 0);
  REQUIRE(desk.secret({"set", "KIMI_API_KEY"}, "7vQ2xLp9Zr5Tk1Vb8Yn3").exit == 0);
  test::Command command = desk.command({"validate"});
  command.environment["CREDENTIALS_DIRECTORY"] = desk.path("none").string();
  const Outcome outcome = test::run(command);
  CHECK(outcome.exit == 0);
  CHECK_THAT(outcome.out, Catch::StartsWith("warning[CFG022]: $CREDENTIALS_DIRECTORY cannot be "
                                            "read: reading " +
                                            desk.path("none").string() + ": No such file"));
}

TEST_CASE(
    "check and validate say the same about the age of secrets, and refuse dates that are none") {
  const Desk desk("secrets/dev");
  REQUIRE(desk.secret({"init"}).exit == 0);
  REQUIRE(desk.secret({"set", "KIMI_API_KEY"}, "7vQ2xLp9Zr5Tk1Vb8Yn3").exit == 0);
  REQUIRE(desk.secret({"set", "PARTNER"}, "8wQ2xLp9Zr5Tk1Vb8Yn3").exit == 0);
  const auto dated = [&](const std::string& text) {
    desk.write("secrets/dev/.meta.toml", text);
    fs::permissions(desk.store() / ".meta.toml", fs::perms(0600));
  };
  dated(
      "[KIMI_API_KEY]\nchanged = \"2021-02-03T04:05:06Z\"\nlength = 20\n"
      "[PARTNER]\nexpires = \"2023-03-04T05:06:07Z\"\nlength = 20\n");
  const std::string old =
      "warning[SEC014]: KIMI_API_KEY has had its value since 2021-02-03, and is to be renewed "
      "every 180d\n";
  const std::string expired = "warning[SEC014]: PARTNER expired on 2023-03-04\n";
  CHECK(desk.secret({"check"}).out == old + "  help: exai secret rotate KIMI_API_KEY\n" + expired +
                                          "  help: exai secret rotate PARTNER\n"
                                          "secrets/dev: 2 problems\n");
  const Outcome validated = desk.exai({"validate"});
  CHECK_THAT(validated.out, Catch::Contains(old) && Catch::Contains(expired));
  CHECK(validated.exit == 0);

  dated("[PARTNER]\nexpires = \"soon\"\n");
  const std::string refusal =
      ".meta.toml:2:11: expires is no time; write it as \"2027-02-19T07:00:00Z\", or take the line "
      "away";
  CHECK_THAT(desk.secret({"check"}).out,
             Catch::Contains("error[CFG022]: ") && Catch::Contains(refusal));
  CHECK_THAT(desk.exai({"validate"}).out, Catch::Contains(refusal));
  const Outcome set = desk.secret({"set", "PARTNER"}, "9wQ2xLp9Zr5Tk1Vb8Yn3");
  CHECK(set.exit == 1);
  CHECK_THAT(set.err, Catch::Contains(refusal));
}

TEST_CASE("a rotation reaches services when they are restarted, and ends when all are") {
  const Desk desk;
  REQUIRE(desk.secret({"init"}).exit == 0);
  REQUIRE(desk.secret({"set", "KIMI_API_KEY"}, "value-of-before-1234").exit == 0);
  REQUIRE(desk.exai({"up"}).exit == 0);
  const auto delivered = [&] {
    return read_file(desk.path("state/run/web/secrets/KIMI_API_KEY")).value_or("");
  };
  CHECK(delivered() == "value-of-before-1234");

  const Outcome first = desk.secret({"rotate", "KIMI_API_KEY"});
  CHECK(first.exit == 0);
  CHECK_THAT(first.out, Catch::Contains("exai restart web && exai secret rotate KIMI_API_KEY"));
  CHECK(desk.secret({"get", "KIMI_API_KEY", "--previous"}).out == "value-of-before-1234");
  const std::string fresh = desk.secret({"get", "KIMI_API_KEY"}).out;
  CHECK(fresh.size() == 32);
  CHECK(delivered() == "value-of-before-1234");
  CHECK(desk.secret({"rotate", "KIMI_API_KEY"}).exit == 1);
  CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == fresh);

  REQUIRE(desk.exai({"restart"}).exit == 0);
  CHECK(delivered() == fresh);
  const Outcome last = desk.secret({"rotate", "KIMI_API_KEY"});
  CHECK(last.exit == 0);
  CHECK(last.out == "nobody uses the value of before; it is gone\n");
  CHECK(desk.secret({"get", "KIMI_API_KEY", "--previous"}).exit == 1);
}

TEST_CASE("a rotation that is killed at any moment loses nothing") {
  for (const char* form : {"secrets/dev.age", "secrets/dev"}) {
    const Desk desk(form);
    REQUIRE(desk.secret({"init"}).exit == 0);
    REQUIRE(desk.secret({"set", "KIMI_API_KEY"}, "value-of-before-1234").exit == 0);
    std::string current = "value-of-before-1234";
    std::string kept;  // what was there before it
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(desk.secret({"rotate", "KIMI_API_KEY"}).exit == 0);
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    current = desk.secret({"get", "KIMI_API_KEY"}).out;
    std::mt19937 random(17);  // NOLINT: the same kills each time
    int rotated = 0;
    for (int round = 0; round < 60; ++round) {
      test::Process rotation(desk.command({"secret", "rotate", "KIMI_API_KEY"}));
      const auto moment = whole * (random() % 130) / 100;
      const auto until = std::chrono::steady_clock::now() + moment;
      while (std::chrono::steady_clock::now() < until && rotation.running()) {
      }
      rotation.signal(SIGKILL);
      rotation.wait();
      const Environment environment{
          {"EXAI_IDENTITY_FILE", desk.path("home/identity.txt").string()}};
      const auto content = secrets::read_content(secrets::place_of(desk.store()), environment);
      if (!content) FAIL(content.error().message());
      const std::string now(content->current.at("KIMI_API_KEY").reveal());
      const auto previous = content->previous.find("KIMI_API_KEY");
      INFO(round);
      if (now != current) {
        ++rotated;
        CHECK(now.size() == 32);
        kept = current;
      }
      // Nobody runs, so it may be gone; a folder may have it before the new value is there.
      if (previous != content->previous.end()) {
        const std::string_view old = previous->second.reveal();
        CHECK((old == kept || old == now));
      }
      current = now;
      CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == current);
    }
    CHECK(rotated > 3);
    CHECK(desk.secret({"set", "OTHER", "--generate", "32"}).exit == 0);  // completes what is left
    CHECK(desk.secret({"get", "KIMI_API_KEY"}).out == current);
    const auto metadata = secrets::read_metadata(desk.store());
    REQUIRE(metadata);
    CHECK(metadata->at("KIMI_API_KEY").length == current.size());
    CHECK_FALSE(fs::exists(secrets::place_of(desk.store()).journal()));
  }
}
