// What we say that others read from an environment file, held against the others themselves:
// python-dotenv, dotenv of npm and bash, over the shared cases and generated texts. (docker and
// systemd are described by their own documentation; unit tests hold us to that.)
#include <catch2/catch.hpp>
#include <set>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/dotenv_readers.hpp"
#include "embedded/dotenv_cases.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::config;

namespace {

using Values = std::map<std::string, std::string, std::less<>>;

// Repeatable on every machine.
class Dice {
 public:
  std::size_t below(std::size_t end) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state_ >> 33U) % end;
  }
  std::string piece() {
    static const std::vector<std::string> pieces = {
        "A",   "B",    "KEY_1", "a.b",     "=",     "=",        "=",   " ",       "  ",
        "\t",  "\"",   "'",     "`",       "#",     " #",       "\n",  "\n",      "\r\n",
        "$A",  "${A}", "$$",    "\\",      "\\n",   "\\\"",     "\\'", "export ", "x",
        "y z", ":",    ": ",    "1",       "é",     "\xC2\xA0", ";",   "{",       "}",
        "&",   "$5",   "$",     "${B:-x}", "${A-d}"};
    return pieces[below(pieces.size())];
  }
  std::string line() {
    static const std::vector<std::string> heads = {"A=", "B=", "C = ", "export A=", " B= ", "A=\""};
    std::string text = heads[below(heads.size())];
    for (std::size_t i = below(7); i > 0; --i) text += piece();
    return text + "\n";
  }

 private:
  std::uint64_t state_ = 20261121;
};

const std::vector<std::string>& texts() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    const json::value cases = parse_json(embedded::dotenv_cases).value();
    for (const json::value& one : cases.as_array())
      made.push_back(find_string(one.as_object(), "input").value());
    Dice dice;
    for (int i = 0; i < 300; ++i) {
      std::string text;
      for (std::size_t pieces = dice.below(14) + 1; pieces > 0; --pieces) text += dice.piece();
      made.push_back(text);
      text.clear();
      for (std::size_t lines = dice.below(4) + 1; lines > 0; --lines) text += dice.line();
      made.push_back(text);
    }
    return made;
  }();
  return all;
}

class Files {
 public:
  Files() {
    for (std::size_t i = 0; i < texts().size(); ++i)
      folder_.write(fmt::format("{}.env", i), texts()[i]);
  }
  std::string folder() const { return folder_.path().string(); }

 private:
  test::TempDir folder_;
};

const Environment kEnvironment = {{"PATH", "/usr/bin:/bin"}, {"B", "outer"}};

std::optional<std::string> outer(std::string_view name) {
  const auto found = kEnvironment.find(name);
  return found == kEnvironment.end() ? std::nullopt : std::optional(found->second);
}

// The maps that a program prints as one JSON array; names without a value are left out.
std::vector<Values> maps_printed_by(std::vector<std::string> arguments) {
  const auto outcome = test::run({std::move(arguments), kEnvironment, {}, ""});
  INFO(outcome.err << "(scripts/setup.sh test installs what this needs)");
  REQUIRE(outcome.exit == 0);
  std::vector<Values> maps;
  const json::value printed = parse_json(outcome.out).value();
  for (const json::value& one : printed.as_array()) {
    Values& map = maps.emplace_back();
    for (const auto& member : one.as_object())
      if (member.value().is_string())
        map.emplace(member.key(), std::string(member.value().as_string()));
  }
  return maps;
}

}  // namespace

TEST_CASE("python-dotenv reads what we say it reads") {
  const Files files;
  const std::string script =
      "import sys, json, logging, dotenv\n"
      "logging.disable(logging.CRITICAL)\n"
      "read = lambda i: dict(dotenv.dotenv_values(f'{sys.argv[1]}/{i}.env'))\n"
      "print(json.dumps([read(i) for i in range(int(sys.argv[2]))]))\n";
  const auto expected = maps_printed_by(
      {"/usr/bin/python3", "-c", script, files.folder(), std::to_string(texts().size())});
  for (std::size_t i = 0; i < texts().size(); ++i) {
    if (texts()[i].starts_with("\xEF\xBB\xBF")) continue;  // Debian's 0.21 keeps it in the name
    INFO(printable(texts()[i]));
    CHECK(read_as(DotenvReader::python, texts()[i], outer).values == expected[i]);
  }
}

TEST_CASE("dotenv of npm reads what we say it reads") {
  const Files files;
  const auto expected = maps_printed_by(
      {EXAI_NODE, EXAI_CLIENTS "/read_env.mjs", files.folder(), std::to_string(texts().size())});
  for (std::size_t i = 0; i < texts().size(); ++i) {
    INFO(printable(texts()[i]));
    CHECK(read_as(DotenvReader::npm, texts()[i], outer).values == expected[i]);
  }
}

TEST_CASE("bash has what we say it has, where it is said") {
  const Files files;
  // A byte 1 ends each file: names and values never hold it here.
  const std::string script =
      "for ((i = 0; i < $1; i++)); do\n"
      "  (file=$0/$i.env; set --; PATH=/nonexistent; set -a; source \"$file\" >/dev/null; "
      "/usr/bin/env -0) "
      "2>/dev/null\n"
      "  printf '\\001'\n"
      "done\n";
  const auto outcome =
      test::run({{"/usr/bin/env", "-i", "B=outer", "/bin/bash", "--norc", "--noprofile", "-c",
                  script, files.folder(), std::to_string(texts().size())},
                 kEnvironment,
                 {},
                 ""},
                120s);
  REQUIRE(outcome.exit == 0);
  const std::vector<std::string> all = split(outcome.out, '\1');
  for (std::size_t i = 0; i < texts().size(); ++i) {
    const ReaderView view = read_as(DotenvReader::bash, texts()[i], outer);
    if (!view.refusal.empty()) continue;
    Values has;
    for (const std::string& one : split(all[i], '\0'))
      if (const std::size_t equals = one.find('='); equals != std::string::npos)
        has.emplace(one.substr(0, equals), one.substr(equals + 1));
    if (!has.contains("PATH")) continue;  // the shell ended at a bad substitution
    INFO(printable(texts()[i]));
    for (const auto& [name, value] : view.values) CHECK(has[name] == value);
    for (const auto& [name, value] : has) {
      static const std::set<std::string> kShells = {"PATH", "PWD", "SHLVL", "_", "OLDPWD", "i"};
      if (kShells.contains(name) || view.remarks.contains(name) || value == outer(name)) continue;
      CHECK(view.values.contains(name));
    }
  }
}
