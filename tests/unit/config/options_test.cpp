#include <catch2/catch.hpp>

#include "core/config/option_docs.hpp"
#include "core/config/option_reader.hpp"

namespace exai::config {

namespace {

constexpr std::string_view kTable = R"({"properties": {
  "PORT": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 8079, "description": "Port.",
    "x-exai": {"group": "net", "order": 20, "unit": "port", "readers": ["exaid", "stack"]}},
  "HOST": {"type": "string", "default": "127.0.0.1", "description": "Address.",
    "x-exai": {"group": "net", "order": 10, "aliases": ["BIND", "LISTEN"], "readers": ["exaid"]}},
  "WAIT": {"type": "integer", "minimum": 0, "default": 30, "description": "Wait.",
    "x-exai": {"group": "time", "order": 1, "unit": "s", "readers": ["exaid"]}},
  "PAUSE": {"type": "number", "maximum": 2.5, "default": 1.5, "description": "Pause.",
    "x-exai": {"group": "time", "order": 2, "unit": "ms", "readers": ["exaid"]}},
  "LEVEL": {"type": "string", "enum": ["debug", "info"], "default": "info", "description": "Level.",
    "x-exai": {"group": "net", "order": 30, "readers": ["exaid"]}},
  "DEBUG": {"type": "boolean", "default": false, "description": "Debug.",
    "x-exai": {"group": "net", "order": 40, "readers": ["exaid"]}},
  "URL": {"type": "string", "description": "URL.",
    "x-exai": {"group": "net", "order": 50, "kind": "url", "readers": ["exaid"]}},
  "TOKEN": {"type": "string", "minLength": 16, "description": "Token.",
    "x-exai": {"group": "net", "order": 60, "secret": true, "aliases": ["KEY"], "readers": ["exaid"]}}
}})";

OptionTable shown_table() {
  return OptionTable::parse(kTable).value();
}

struct Reading {
  OptionTable table = shown_table();
  OptionReader reader;
  explicit Reading(const std::map<std::string, std::string>& given)
      : reader(table, "exaid", given, [](const Path& path) -> Result<std::string> {
          if (path == "/run/token") return "0123456789abcdef\n";
          return fail(Errc::not_found, "reading {}: no such file", path.string());
        }) {}
};

std::string messages(const std::map<std::string, std::string>& given) {
  return render(Reading(given).reader.diagnostics());
}

}  // namespace

TEST_CASE("the option table is sorted by group and order, and found by any of its names") {
  const OptionTable table = shown_table();
  std::string names;
  for (const Option& option : table.options()) names += option.name + " ";
  CHECK(names == "HOST PORT LEVEL DEBUG URL TOKEN WAIT PAUSE ");
  CHECK(table.groups() == std::vector<std::string>{"net", "time"});
  CHECK(table.find("LISTEN")->name == "HOST");
  CHECK(table.find("PORT")->default_value == "8079");
  CHECK(table.find("DEBUG")->default_value == "false");
  CHECK(table.find("NOPE") == nullptr);
}

namespace {

// A table of one sound option B and an option A with this x-exai.
std::string table_with(const std::string& extra, const std::string& schema = R"("type":"string")",
                       const std::string& rules = "") {
  return R"({"properties":{"A":{)" + schema +
         R"(,"description":"x","x-exai":{"group":"g","readers":["exaid"])" + extra +
         R"(}},"B":{"type":"integer","default":5,"description":"x",
             "x-exai":{"group":"g","unit":"s","readers":["exaid"]}}},"x-exai-rules":[)" +
         rules + "]}";
}

std::string refusal(const std::string& text) {
  const auto parsed = OptionTable::parse(text);
  return parsed ? "" : parsed.error().message();
}

}  // namespace

TEST_CASE("a broken option table says which option") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"{}", "the option table has no \"properties\""},
      {R"({"properties":{"A":{"type":"string","description":"x"}}})", "option A: no \"x-exai\""},
      {R"({"properties":{"A":{"type":"list","x-exai":{}}}})",
       "option A: \"type\" is none of string, integer, number, boolean"},
      {R"({"properties":{"A":{"type":"string","description":"x","x-exai":{}}}})",
       "option A: no group"},
      {R"({"properties":{"A":{"type":"string","x-exai":{"group":"g"}}}})",
       "option A: no description"},
      {R"({"properties":{"A":{"type":"string","description":"x","x-exai":{"group":"g"}}}})",
       "option A: no readers"},
  }));
  CHECK(refusal(text) == message);
}

TEST_CASE("what an option says of itself must be sound") {
  const auto [extra, message] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {R"(,"aliases":["B"])", "the name B is given twice"},
      {R"(,"aliases":[{"name":"C","level":"bad"}])", "option A: unknown level \"bad\" of an alias"},
      {R"(,"aliases":[{"nam":"C"}])", "option A: an alias: unknown key \"nam\""},
      {R"(,"order":1,"grup":"x")", "option A: unknown key \"grup\""},
      {R"(,"unit":"sec")", "option A: unknown unit \"sec\""},
      {R"(,"kind":"uri")", "option A: unknown kind \"uri\""},
      {R"(,"reload":"hot")", "option A: unknown reload \"hot\""},
      {R"(,"requires":{"C":"*"})", "option A names C, which is no option"},
      {R"(,"secret":true,"docker":"x")", "option A: a secret has no default"},
      {R"(,"kind":"url","docker":"x")",
       "option A: its default is wrong: A must be a URL like "
       "https://host/path, not \"x\""},
  }));
  CHECK(refusal(table_with(extra)) == message);
}

TEST_CASE("the rules of a table must be about its options, and hold for its defaults") {
  const std::string number = R"("type":"integer","default":3)";
  const auto [rule, message] = GENERATE(table<std::string, std::string>({
      {R"({"code":"TMO001","why":"w","less":["A","B"]})", ""},
      {R"({"code":"TMO001","why":"w","less":["B","A"]})",
       "the defaults of dev break a rule: B (5 s by default) must be less than A (3 s by default): "
       "w"},
      {R"({"code":"TMO001","why":"w","less":["A","C"]})", "rule 1 names C, which is no option"},
      {R"({"code":"TMO001","why":"w"})", "rule 1: it is none of less, attempts, needs, forbid"},
      {R"({"code":"TMO001","less":["A","B"]})", "rule 1: no \"why\""},
      {R"({"code":"TMO999","why":"w","less":["A","B"]})", "rule 1: no rule has the code TMO999"},
  }));
  CHECK(refusal(table_with(R"(,"unit":"s")", number, rule)) == message);
  CHECK(refusal(table_with(R"(,"unit":"bytes")", number, R"({"code":"TMO001","why":"w",
                "less":["A","B"]})")) == "rule 1 compares A and B, which count different things");
}

TEST_CASE("options are read by their type, with defaults") {
  Reading given({{"PORT", "80"},
                 {"BIND", "::1"},
                 {"WAIT", "2"},
                 {"DEBUG", "yes"},
                 {"TOKEN_FILE", "/run/token"},
                 {"URL", "https://x/y"},
                 {"LEVEL", ""}});
  CHECK(given.reader.diagnostics().empty());
  CHECK(given.reader.port("PORT") == 80);
  CHECK(given.reader.text("HOST") == "::1");
  CHECK(given.reader.duration("WAIT") == 2s);
  CHECK(given.reader.duration("PAUSE") == 1ms);
  CHECK(given.reader.number("PAUSE") == 1.5);
  CHECK(given.reader.boolean("DEBUG"));
  CHECK(given.reader.secret("TOKEN").reveal() == "0123456789abcdef");
  CHECK(given.reader.text("URL") == "https://x/y");
  CHECK(given.reader.text("LEVEL") == "info");
  CHECK(given.reader.unread().empty());
}

TEST_CASE("what nobody has read is known") {
  Reading given({});
  given.reader.text("HOST");
  CHECK(given.reader.unread() ==
        std::vector<std::string>{"DEBUG", "LEVEL", "PAUSE", "PORT", "TOKEN", "URL", "WAIT"});
}

TEST_CASE("a program only reads the options that list it") {
  const OptionTable table = shown_table();
  const OptionReader reader(table, "stack", {{"HOST", "x"}, {"LEVEL", "wrong"}},
                            [](const Path&) { return Result<std::string>(""); });
  CHECK(reader.unread() == std::vector<std::string>{"PORT"});
  CHECK(reader.diagnostics().empty());
}

TEST_CASE("everything wrong with the options is said at once, without the values of secrets") {
  CHECK(messages({{"PORT", "80x"},
                  {"WAIT", "30s"},
                  {"PAUSE", "9"},
                  {"LEVEL", "inf"},
                  {"DEBUG", "maybe"},
                  {"URL", "host:80"},
                  {"TOKEN", "hunter2"},
                  {"BIND", "a"},
                  {"LISTEN", "b"}}) ==
        "error[CFG008]: BIND and LISTEN have different values\n"
        "  help: they are two names of one option: keep HOST\n"
        "error[CFG003]: PORT must be a whole number, not \"80x\"\n"
        "error[CFG005]: LEVEL must be one of debug, info, not \"inf\"\n"
        "  help: did you mean \"info\"?\n"
        "error[CFG003]: DEBUG must be true or false, not \"maybe\"\n"
        "error[CFG003]: URL must be a URL like https://host/path, not \"host:80\"\n"
        "error[CFG004]: TOKEN is too short: 7 characters, at least 16 are needed\n"
        "error[CFG003]: WAIT must be a whole number, not \"30s\"\n"
        "  help: its unit is s, which is not written\n"
        "error[CFG004]: PAUSE must be at most 2.5, not \"9\"\n");
  CHECK(messages({{"PORT", "0"}}) ==
        "error[CFG004]: PORT must be between 1 and 65535, not \"0\"\n");
}

TEST_CASE("the value of an example is no secret") {
  CHECK(messages({{"TOKEN", "your_token_goes_here"}}) ==
        "error[SEC005]: TOKEN still has the value of an example\n"
        "  help: put the real secret there, or remove it\n");
}

TEST_CASE("a value comes directly or from a file, not both") {
  CHECK(messages({{"TOKEN", "0123456789abcdef"}, {"TOKEN_FILE", "/run/token"}}) ==
        "error[SEC013]: TOKEN and TOKEN_FILE are both set\n"
        "  help: unset one of them\n");
  CHECK(messages({{"KEY_FILE", "/gone"}}) ==
        "error[CFG022]: KEY_FILE: reading /gone: no such file\n"
        "  help: the file must exist and be readable by the user of this program\n");
  CHECK(messages({{"KEY", "0123456789abcdef"}, {"TOKEN_FILE", "/run/token"}}).empty());
}

TEST_CASE("the example file shows every option, switched off") {
  const std::string text = env_example(shown_table());
  CHECK(text.substr(text.find("\n# ----")) == R"(
# ---- net ----

# Address.
# text; default 127.0.0.1; also BIND, LISTEN
#HOST=127.0.0.1

# Port.
# port, between 1 and 65535; default 8079
#PORT=8079

# Level.
# one of debug, info; default info
#LEVEL=info

# Debug.
# true or false; default false
#DEBUG=false

# URL.
# url; unset by default
#URL=

# Token.
# text, at least 16 characters; unset by default; secret; also KEY
#TOKEN=

# ---- time ----

# Wait.
# whole number of s, at least 0; default 30
#WAIT=30

# Pause.
# number of ms, at most 2.5; default 1.5
#PAUSE=1.5
)");
}

TEST_CASE("an option knows what else is said of it") {
  const auto table = OptionTable::parse(R"({"properties": {
    "KEY": {"type": "string", "description": "Key.", "x-exai": {"group": "g", "secret": true,
      "rotate": "90d", "minBytes": 16, "sameAs": ["APP_KEY"], "reload": "live",
      "requires": {"MODE": "on"}, "readers": ["exaid"],
      "aliases": ["K", {"name": "OLD_KEY", "since": "0.1", "message": "too short a name"}]}},
    "MODE": {"type": "string", "default": "off", "description": "Mode.", "x-exai": {"group": "g",
      "default": {"prod": "on"}, "docker": "on", "readers": ["exaid"]}},
    "LIFE": {"type": "number", "default": 1.5, "description": "Life.", "x-exai": {"group": "g",
      "unit": "h", "readers": ["exaid"]}}},
    "x-exai-retired": {"OLD_*_TIME": "set LIFE", "GONE": "nothing"}})");
  REQUIRE(table);
  const Option& key = *table->find("OLD_KEY");
  CHECK(key.name == "KEY");
  CHECK(key.rotate == 24h * 90);
  CHECK(key.min_bytes == 16U);
  CHECK(key.same_as == std::vector<std::string>{"APP_KEY"});
  CHECK(key.reload == Option::Reload::live);
  CHECK_FALSE(key.alias("K")->deprecated);
  CHECK(alias_message(key, *key.alias("OLD_KEY")) ==
        "OLD_KEY is an old name of KEY: too short a name");
  CHECK(table->find("MODE")->default_for("dev") == "off");
  CHECK(table->find("MODE")->default_for("prod") == "on");
  CHECK(duration_of(*table->find("LIFE"), "1.5") == 90min);
  CHECK(duration_of(*table->find("MODE"), "1") == std::nullopt);
  CHECK(table->find_retired("OLD_POOL_TIME")->advice == "set LIFE");
  CHECK(table->find_retired("OLD__TIME") == nullptr);
  CHECK(table->find_retired("KEY") == nullptr);
}

TEST_CASE("the shipped option table can be read") {
  CHECK(OptionTable::shipped().find("EXAI_WS_PORT") != nullptr);
  CHECK(OptionTable::shipped().find("REDIS_PASSWORD")->secret);
}

}  // namespace exai::config
