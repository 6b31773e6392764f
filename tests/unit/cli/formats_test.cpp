// What other programs read: annotations of GitHub, SARIF, the baseline; and diffs.
#include <catch2/catch.hpp>

#include "cli/annotations.hpp"
#include "cli/baseline.hpp"
#include "cli/rule_pages.hpp"
#include "cli/sarif.hpp"
#include "cli/unified_diff.hpp"
#include "core/config/places.hpp"

using namespace exai;
using namespace exai::cli;
using config::Diagnostic;
using config::Severity;
using config::Source;

namespace {

config::SourcePtr dev_env(std::vector<config::ByteRange> hidden = {}) {
  return std::make_shared<const Source>(
      Source{"dev.env", "A=1\nKEY=s3cret\n", "/repo/my app/dev.env", std::move(hidden)});
}

// About bytes [begin, end) of dev.env.
Diagnostic about(const config::SourcePtr& source, std::size_t begin, std::size_t end) {
  config::Places places(source);
  Diagnostic one = config::problem("ENV007", places.span(begin, end), "50%, a:b", "do it");
  one.subject = "A";
  return one;
}

std::vector<Validated> found(Diagnostic finding) {
  Validated one;
  one.loaded.diagnostics = {std::move(finding)};
  return {one};
}

json::object first_result(const std::vector<Validated>& all) {
  return sarif(all, "/repo").at("runs").at(0).at("results").at(0).as_object();
}

}  // namespace

TEST_CASE("an annotation has its place in properties, and what would end it is escaped") {
  Diagnostic one = about(dev_env(), 0, 3);
  one.message += "\nsecond";
  one.related.push_back({one.span, "here"});
  CHECK(annotations(found(one), "/repo") ==
        "::warning file=my app/dev.env,line=1,col=1,endColumn=4,title=ENV007 bare-name::50%25, "
        "a:b%0Asecond%0Ahelp: do it%0Amy app/dev.env:1: note: here\n");
  CHECK(annotations(found(one), "/else") ==
        "::warning file=/repo/my app/dev.env,line=1,col=1,endColumn=4,title=ENV007 bare-name::"
        "50%25, a:b%0Asecond%0Ahelp: do it%0A/repo/my app/dev.env:1: note: here\n");
  Diagnostic nowhere = config::problem("CFG005", {}, "no");
  CHECK(annotations(found(nowhere), "/") == "::error title=CFG005 not-a-choice::no\n");
}

TEST_CASE("a file name cannot break out of its property") {
  Diagnostic one = about(std::make_shared<const Source>(Source{"a,b:c%", "A=1\n"}), 0, 1);
  CHECK_THAT(annotations(found(one), "/"),
             Catch::StartsWith("::warning file=a%2Cb%3Ac%25,line=1,"));
}

TEST_CASE("a SARIF result names its rule, place, fingerprint and fix") {
  const auto source = dev_env();
  Diagnostic one = about(source, 4, 7);
  one.related.push_back({one.span, "here"});
  one.fix = config::Fix{"write it", {{source, 4, 7, "NAME"}, {source, 0, 2, ""}}, {}};
  const json::object result = first_result(found(one));
  const auto index = static_cast<std::size_t>(*find_integer(result, "ruleIndex"));
  CHECK(config::rules()[index].code == "ENV007");
  const std::string file = R"("artifactLocation":{"uri":"my%20app/dev.env"})";
  const std::string place =
      R"("physicalLocation":{)" + file +
      R"(,"region":{"startLine":2,"startColumn":1,"endLine":2,"endColumn":4}})";
  CHECK(to_text(result.at("locations")) == "[{" + place + "}]");
  CHECK(to_text(result.at("relatedLocations")) ==
        "[{" + place + R"(,"id":1,"message":{"text":"here"}}])");
  CHECK(to_text(result.at("partialFingerprints")) ==
        R"({"exaiFinding/v1":")" + fingerprints({one})[0] + "\"}");
  CHECK(to_text(result.at("fixes")) ==
        R"([{"description":{"text":"write it"},"artifactChanges":[{)" + file +
            R"(,"replacements":[{"deletedRegion":{"startLine":2,"startColumn":1,"endLine":2,)"
            R"("endColumn":4},"insertedContent":{"text":"NAME"}},{"deletedRegion":{"startLine":1,)"
            R"("startColumn":1,"endLine":1,"endColumn":3}}]}]}])");
  CHECK(result.at("ruleId") == "ENV007");
  CHECK(result.at("level") == "warning");
  CHECK(result.at("message").at("text") == "50%, a:b\ndo it");
}

TEST_CASE("a SARIF result about no place has no location, and no list is empty") {
  const json::object result = first_result(found(config::problem("CFG005", {}, "no")));
  CHECK_FALSE(result.contains("locations"));
  CHECK_FALSE(result.contains("relatedLocations"));
  CHECK_FALSE(result.contains("fixes"));
}

TEST_CASE("a fix that would show a secret is not in SARIF") {
  const auto source = dev_env({{8, 14}});
  Diagnostic touching = about(source, 4, 7);
  touching.fix = config::Fix{"quote it", {{source, 8, 14, "'s3cret'"}}, {}};
  CHECK_FALSE(first_result(found(touching)).contains("fixes"));
  Diagnostic moving = about(source, 4, 7);
  moving.fix = config::Fix{"move it", {{source, 0, 0, "KEY=s3cret\n"}}, {}};
  CHECK_FALSE(first_result(found(moving)).contains("fixes"));
  Diagnostic other = about(source, 4, 7);
  other.fix = config::Fix{"something else", {{source, 0, 0, "B=1\n"}}, {}};
  CHECK(first_result(found(other)).contains("fixes"));
}

TEST_CASE("SARIF lists every rule once, with its level") {
  const json::object log = sarif({}, "/repo");
  const json::object& run = log.at("runs").at(0).as_object();
  CHECK(run.at("columnKind") == "unicodeCodePoints");
  CHECK(run.at("results").as_array().empty());
  const json::array& rules = run.at("tool").at("driver").at("rules").as_array();
  REQUIRE(rules.size() == config::rules().size());
  CHECK(rules[0].at("id") == "CFG001");
  CHECK(rules[0].at("defaultConfiguration").at("level") == "error");
  CHECK(rules[0].at("helpUri") == "urn:exai:rule:CFG001");
}

TEST_CASE("a fingerprint does not depend on the line, but on code, file and subject") {
  const auto source = dev_env();
  const Diagnostic first = about(source, 0, 1);
  const Diagnostic moved = about(source, 4, 5);
  CHECK(fingerprints({first}) == fingerprints({moved}));
  CHECK(fingerprints({first, moved})[0] != fingerprints({first, moved})[1]);
  Diagnostic other = first;
  other.subject = "B";
  CHECK(fingerprints({first}) != fingerprints({other}));
  other = first;
  other.subject = "";
  other.message = "another";
  CHECK(fingerprints({first}) != fingerprints({other}));
}

TEST_CASE("a baseline takes away what it knows, and leaves what is new or cannot be allowed") {
  const auto source = dev_env();
  Diagnostic syntax = config::problem("ENV001", about(source, 0, 1).span, "never closed");
  const config::Diagnostics before = {about(source, 0, 1), syntax};
  const json::object written = baseline_json({&before});
  CHECK(find_array(written, "findings")->size() == 1);
  const auto baseline = parse_baseline(to_pretty_text(written));
  REQUIRE(baseline);
  Diagnostic fresh = about(source, 4, 5);
  fresh.subject = "KEY";
  config::Diagnostics now = {about(source, 4, 5), syntax, fresh};
  CHECK(ignore_known(*baseline, now) == 1);
  REQUIRE(now.size() == 2);
  CHECK(now[0].code == "ENV001");
  CHECK(now[1].subject == "KEY");
}

TEST_CASE("what is no baseline is refused") {
  const auto text = GENERATE("{}", R"({"version":2,"findings":[]})", R"({"version":1})");
  CHECK(parse_baseline(text).error().message() ==
        "this is no baseline; make one with --write-baseline FILE");
  CHECK_FALSE(parse_baseline("nonsense"));
}

TEST_CASE("a diff has the lines around, no more, and hides what is secret") {
  std::string text;
  for (int i = 1; i <= 9; ++i) text += "L" + std::to_string(i) + "=1\n";
  std::string changed = text;
  changed.replace(changed.find("L5=1"), 4, "L5=2");
  CHECK(unified_diff({"a.env", text}, {"a.env", changed}) ==
        "--- a.env\n+++ a.env\n@@ -2,7 +2,7 @@\n L2=1\n L3=1\n L4=1\n-L5=1\n+L5=2\n L6=1\n L7=1\n "
        "L8=1\n");
  CHECK(unified_diff({"a", text}, {"a", text}) == "");
  CHECK(unified_diff({"a", "K=s3cret \n", "", {{2, 9}}}, {"a", "K=s3cret\n", "", {{2, 8}}}) ==
        "--- a\n+++ a\n@@ -1,1 +1,1 @@\n-K=*******\n+K=******\n");
}

TEST_CASE("a diff shows ends of lines and of the file") {
  CHECK(unified_diff({"a", "A=1\r\n"}, {"a", "A=1\n"}) ==
        "--- a\n+++ a\n@@ -1,1 +1,1 @@\n-A=1\\r\n+A=1\n");
  CHECK(unified_diff({"a", "A=1"}, {"a", "A=1\n"}) ==
        "--- a\n+++ a\n@@ -1,1 +1,1 @@\n-A=1\n\\ No newline at end of file\n+A=1\n");
  CHECK(unified_diff({"a", ""}, {"a", "A=1\n"}) == "--- a\n+++ a\n@@ -0,0 +1,1 @@\n+A=1\n");
}

TEST_CASE("a rule's page says what it rests on and how to allow it") {
  CHECK(rule_page(*config::find_rule("CFG022")) ==
        "CFG022 missing-file: A file that is named but cannot be read\n"
        "\n"
        "Paths start at the folder of the file that names them.\n"
        "\n"
        "severity  error\n"
        "evidence  contextual: other files or this machine say so\n"
        "fix       none: somebody has to decide\n"
        "allow     never: nothing could be started from such a file\n");
}

TEST_CASE("the page of all rules leaves none out") {
  const std::string page = rules_markdown();
  for (const config::Rule& rule : config::rules())
    CHECK_THAT(page, Catch::Contains("\n### " + std::string(rule.code) + "\n"));
}
