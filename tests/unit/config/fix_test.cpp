// Fixes: which are done, which wait, which are refused, and that a file says afterwards what it
// said before.
#include "core/config/fix.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "core/config/lint/lint.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

// Rules of a test's own: each call gives the findings for the text of the one file. CFG025 and
// CFG026 stand for rules without a fix of their own, so everything here is FixScope::all.
using Rules = std::function<Diagnostics(const SourcePtr& source)>;

SourcePtr file(const std::string& name, const std::string& text) {
  return std::make_shared<const Source>(Source{name, text, "/stack/" + name});
}

Loaded found(const SourcePtr& source, const Rules& rules) {
  Loaded loaded;
  loaded.sources = {source};
  loaded.diagnostics = rules(source);
  return loaded;
}

Fixed fix(const std::string& name, const std::string& text, const Rules& rules) {
  return apply_fixes(found(file(name, text), rules), FixScope::all, [&](const Texts& texts) {
    return found(file(name, texts.begin()->second), rules);
  });
}

Diagnostic replacing(const SourcePtr& source, std::size_t begin, std::size_t end, std::string text,
                     std::vector<Change> changes = {}) {
  Diagnostic one = problem("CFG025", {}, "a test");
  one.fix = Fix{"replace", {{source, begin, end, std::move(text)}}, std::move(changes)};
  return one;
}

// One finding for each place where the text has `word`.
Rules replace_each(const std::string& word, const std::string& text,
                   const std::vector<Change>& changes = {}) {
  return [=](const SourcePtr& source) {
    Diagnostics findings;
    for (std::size_t at = source->text.find(word); at != std::string::npos;
         at = source->text.find(word, at + word.size()))
      findings.push_back(replacing(source, at, at + word.size(), text, changes));
    return findings;
  };
}

std::string text_after(const Fixed& fixed) {
  return fixed.files.empty() ? "(unchanged)" : fixed.files[0].after->text;
}

std::string refusals(const Fixed& fixed) {
  std::string text;
  for (const RefusedFix& one : fixed.refused) text += one.why + "\n";
  return text;
}

}  // namespace

TEST_CASE("a fix that keeps the meaning is done, and nothing else in the file is touched") {
  const Fixed fixed =
      fix(".env", "# a comment  \r\nA=1  \r\n\nB = 2 # x\n", replace_each("1  \r", "1\r"));
  CHECK(text_after(fixed) == "# a comment  \r\nA=1\r\n\nB = 2 # x\n");
  CHECK(fixed.applied.size() == 1);
  CHECK(refusals(fixed) == "");
}

TEST_CASE("a fix that changes more than it says is refused, and the others are done") {
  const Fixed fixed = fix(".env", "A=1\nB=x  \nC=1\n", [](const SourcePtr& source) {
    Diagnostics findings = replace_each("  ", "")(source);
    for (Diagnostic& one : replace_each("A=1", "A=2")(source)) findings.push_back(std::move(one));
    return findings;
  });
  CHECK(text_after(fixed) == "A=1\nB=x\nC=1\n");
  CHECK(refusals(fixed) == "it would change A, too\n");
}

TEST_CASE("a fix may change what it declares, to what it declares") {
  CHECK(text_after(fix(".env", "A=1\nB=2\n", replace_each("A=1", "A=3", {{"A", "1", "3"}}))) ==
        "A=3\nB=2\n");
  CHECK(refusals(fix(".env", "A=1\n", replace_each("A=1", "A=3", {{"A", "1", "4"}}))) ==
        "A would not get the value that was meant\n");
  CHECK(text_after(fix(".env", "A=1\nB=2\n",
                       replace_each("A=1\n", "", {{"A", "1", std::nullopt}}))) == "B=2\n");
  CHECK(refusals(fix(".env", "A=1\n", replace_each("A=1", "A=0", {{"A", "1", std::nullopt}}))) ==
        "A would not get the value that was meant\n");
}

TEST_CASE("references count as what they refer to, also where they are set elsewhere") {
  CHECK(refusals(fix(".env", "A=\"$HOME\"\n", replace_each("\"$HOME\"", ""))) ==
        "it would change A, too\n");
  CHECK(refusals(fix(".env", "A=${X:-y}\n", replace_each("${X:-y}", "y"))) ==
        "it would change A, too\n");
  CHECK(text_after(fix(".env", "A=\"${X:-y}\"\n", replace_each("\"${X:-y}\"", "${X:-y}"))) ==
        "A=${X:-y}\n");
}

TEST_CASE("a fix that makes a file unreadable is refused") {
  CHECK(refusals(fix(".env", "A=1\n", replace_each("1", "'1"))) ==
        "the file could not be read any more\n");
  CHECK(refusals(fix("exai.toml", "a = 1\n", replace_each("1", "'1"))) ==
        "the file could not be read any more\n");
  CHECK(refusals(fix("Dockerfile", "FROM a\n", replace_each("a", "b"))) ==
        "the file cannot be read\n");
}

TEST_CASE("trees are compared leaf by leaf, with the kinds of values") {
  CHECK(text_after(fix("exai.toml", "a = \"x\"  # c\n[t]\nb = [1, 2]\n",
                       replace_each("\"x\"", "'x'"))) == "a = 'x'  # c\n[t]\nb = [1, 2]\n");
  CHECK(refusals(fix("exai.toml", "[t]\nb = [1, 2]\n", replace_each("2", "\"2\""))) ==
        "it would change t.b[1], too\n");
  CHECK(text_after(fix("exai.toml", "v = \"3\"\na = 1\n",
                       replace_each("v = \"3\"\n", "", {{"v", "3", std::nullopt}}))) == "a = 1\n");
  CHECK(text_after(fix("exai.toml", "[t]\nb = [1, 2]\n",
                       replace_each("[1, 2]", "[3]", {{"t.b", std::nullopt, "[3]"}}))) ==
        "[t]\nb = [3]\n");
  CHECK(refusals(fix(".mcp.json", "{\"a\": {\"b\": 1}}", replace_each("1", "2"))) ==
        "it would change a.b, too\n");
}

TEST_CASE("YAML is compared as Compose reads it") {
  CHECK(text_after(fix("compose.yaml", "a:  'x' # c\nb: [1]\n", replace_each("'x'", "x"))) ==
        "a:  x # c\nb: [1]\n");
  CHECK(refusals(fix("compose.yaml", "a: 'true'\n", replace_each("'true'", "true"))) ==
        "it would change a, too\n");
  CHECK(refusals(fix("compose.yaml", "a: 1\n", replace_each("a: 1\n", "a: 1\na: 1\n"))) ==
        "the file could not be read any more\n");
  CHECK(text_after(fix("compose.yaml", "version: \"3\"\na: 1\n",
                       replace_each("version: \"3\"\n", "", {{"version", "3", std::nullopt}}))) ==
        "a: 1\n");
}

TEST_CASE("fixes that touch each other are done one after the other, first by place") {
  std::size_t calls = 0;
  const Fixed fixed = fix(".env", "A=1    \n", [&](const SourcePtr& source) {
    ++calls;
    Diagnostics findings;
    if (const std::size_t at = source->text.find("  "); at != std::string::npos) {
      findings.push_back(replacing(source, at + 1, at + 3, ""));
      findings.push_back(replacing(source, at, at + 2, ""));
    }
    return findings;
  });
  CHECK(text_after(fixed) == "A=1\n");
  CHECK(calls == 3);
  CHECK(fixed.applied.size() == 2);
}

TEST_CASE("two insertions at one place wait for each other") {
  const Fixed fixed = fix(".env", "A=1\n", [](const SourcePtr& source) {
    Diagnostics findings;
    for (const std::string line : {"# x\n", "# y\n"})
      if (source->text.find(line) == std::string::npos)
        findings.push_back(replacing(source, 0, 0, line));
    return findings;
  });
  CHECK(text_after(fixed) == "# y\n# x\nA=1\n");
}

TEST_CASE("a fix that never comes to an end is given up, and the others are done") {
  const Fixed fixed = fix(".env", "A=1  \n", [](const SourcePtr& source) {
    Diagnostics findings = replace_each("  ", "")(source);
    for (Diagnostic& one : findings) one.code = "CFG026";
    findings.push_back(replacing(source, 0, 0, "# more\n"));
    return findings;
  });
  CHECK(text_after(fixed) == "A=1\n");
  CHECK(refusals(fixed) == "it never comes to an end\n");
}

TEST_CASE("edits outside of their file, of no file, or over each other are refused") {
  CHECK(refusals(fix(".env", "A=1\n", [](const SourcePtr& source) {
          return Diagnostics{replacing(source, 2, 99, "")};
        })) == "its place is outside of the file\n");
  CHECK(refusals(fix(".env", "A=1\n", [](const SourcePtr&) {
          return Diagnostics{replacing(std::make_shared<const Source>(), 0, 0, "")};
        })) == "its text is in no file\n");
  CHECK(refusals(fix(".env", "A=1\n", [](const SourcePtr& source) {
          Diagnostic one = replacing(source, 0, 2, "A=");
          one.fix->edits.push_back({source, 1, 3, "=1"});
          return Diagnostics{one};
        })) == "its edits overlap\n");
}

TEST_CASE("only fixes of rules marked safe are done; the rest is suggested") {
  const SourcePtr source = file(".env", "A=1  \n");
  const Rules rules = replace_each("  ", "");
  const Reload reload = [&](const Texts& texts) {
    return found(file(".env", texts.begin()->second), rules);
  };
  REQUIRE(find_rule("CFG025")->fixing == Fixing::none);
  CHECK(apply_fixes(found(source, rules), FixScope::safe, reload).files.empty());
  CHECK(apply_fixes(found(source, rules), FixScope::all, reload).files.size() == 1);
}

TEST_CASE("a mode is taken once, beside the texts") {
  Diagnostic open = problem("CFG025", {}, "open to all");
  open.fix = Fix{"chmod 600", {}, {}, "/stack/.env", 0600};
  Loaded loaded;
  loaded.diagnostics = {open, open};
  const Fixed fixed = apply_fixes(loaded, FixScope::all, [&](const Texts&) { return loaded; });
  CHECK(fixed.modes == std::map<Path, std::uint32_t>{{"/stack/.env", 0600}});
  CHECK(fixed.applied.size() == 1);
}

TEST_CASE("whatever an environment file says, the safe fixes of all rules keep its meaning") {
  std::mt19937 random(GENERATE(1U, 2U, 3U, 4U));
  const std::vector<std::string> pieces = {
      "A=1",        "B = 2  ",   "C='x y'\t",        "D=\"a\\tb\"", "export E=5", "F=a # note",
      "G=  # note", "H=$A",      "I=\"${X:-d}\"",    "J",           "A=2",        "# a comment ",
      "",           "  ",        "K=\"two\nlines\"", "L=C:\\dir",   "M=a#b",      "\xEF\xBB\xBFN=1",
      "o=low",      "P='it''s'", "Q=\"x\" y=1",      "R=yes",       "bad name=1", "S='"};
  const std::vector<std::string> ends = {"\n", "\n", "\n", "\r\n", ""};
  for (int i = 0; i < 100; ++i) {
    std::string text;
    for (std::size_t n = random() % 12; n > 0; --n)
      text += pieces[random() % pieces.size()] + ends[random() % ends.size()];
    MemoryWorld world = world_with("process = [\"run\"]\n", text);
    world.request.scope = Scope::project;
    const Loaded loaded = world.load();
    const auto reload = [&](const Texts& texts) {
      MemoryWorld changed = world;
      for (const auto& [path, now] : texts)
        changed.files[path.lexically_relative("/stack").string()] = now;
      return changed.load();
    };
    const Fixed fixed = apply_fixes(loaded, FixScope::safe, reload);
    std::vector<Change> declared;
    for (const Diagnostic& one : fixed.applied)
      declared.insert(declared.end(), one.fix->changes.begin(), one.fix->changes.end());
    Texts texts;
    for (const FixedFile& one : fixed.files) {
      INFO(text);
      INFO(one.after->text);
      const auto before = meaning_of(one.before);
      const auto after = meaning_of(one.after);
      REQUIRE((before && after));
      CHECK(broken_promise(*before, *after, declared) == std::nullopt);
      texts[one.after->path] = one.after->text;
    }
    if (texts.empty()) continue;
    CHECK(apply_fixes(reload(texts), FixScope::safe, [&](const Texts& more) {
            Texts all = texts;
            for (const auto& [path, now] : more) all[path] = now;
            return reload(all);
          }).files.empty());
  }
}

namespace {

// What the fixes make of the layer of a stack, and why others were refused.
std::string mended(const std::string& layer, FixScope scope) {
  MemoryWorld world = world_with("process = [\"run\"]\n", layer);
  world.request.scope = Scope::project;
  world.files["exai.toml"].insert(world.files["exai.toml"].find("[environments"),
                                  "variables = [\"A\", \"B\", \"MODE\", \"SPEED\"]\n");
  const auto reload = [&](const Texts& texts) {
    MemoryWorld changed = world;
    for (const auto& [path, now] : texts)
      changed.files[path.lexically_relative("/stack").string()] = now;
    return changed.load();
  };
  return text_after(apply_fixes(world.load(), scope, reload));
}

}  // namespace

TEST_CASE("ENV006: of two settings of a name, the one that does not count goes") {
  CHECK(mended("MODE=fast # old\nSPEED=1\nMODE=slow\n", FixScope::safe) == "SPEED=1\nMODE=slow\n");
  CHECK(mended("A=1\nA='2\n3'\nA=4\n", FixScope::safe) == "A=4\n");
  // Somebody in between uses it.
  CHECK(mended("A=1\nB=$A\nA=2\n", FixScope::safe) == "(unchanged)");
}

TEST_CASE("ENV005: a comment that is glued to its value is proposed a line of its own") {
  CHECK(mended("MODE=fast\t# or slow\nSPEED=80# km/h\n", FixScope::all) ==
        "# or slow\nMODE=fast\n# km/h\nSPEED=80\n");
  CHECK(mended("MODE=fast\t# or slow\n", FixScope::safe) == "(unchanged)");
}

}  // namespace exai::config::test
