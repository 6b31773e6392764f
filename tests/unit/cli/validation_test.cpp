#include "cli/validation.hpp"

#include <catch2/catch.hpp>

#include "core/config/places.hpp"

using namespace exai;
using namespace exai::cli;
using config::Diagnostic;
using config::Severity;

namespace {

Validated valid() {
  auto stack = std::make_shared<config::Stack>();
  stack->services.resize(2);
  Validated one;
  one.label = "exai.toml";
  one.loaded.stack = stack;
  one.loaded.layers = 2;
  one.loaded.files = {"exai.toml", "env/base.env", "env/dev.env", "redis.conf"};
  return one;
}

Diagnostic finding(std::string code, Severity severity, std::string message) {
  Diagnostic result;
  result.code = std::move(code);
  result.severity = severity;
  result.message = std::move(message);
  return result;
}

Diagnostic of(Severity severity) {
  return finding("CFG001", severity, "unknown key \"proces\"");
}

std::string last_line(const Validated& one) {
  const std::string text = validation_summary(one);
  return text.substr(text.rfind('\n', text.size() - 2) + 1);
}

}  // namespace

TEST_CASE("a valid file is told in numbers") {
  CHECK(validation_summary(valid()) ==
        "read exai.toml, env/base.env, env/dev.env, redis.conf\n"
        "exai.toml is valid: 2 services, 2 layers, 0 problems\n");
}

TEST_CASE("warnings leave a file valid, errors do not") {
  Validated one = valid();
  one.loaded.diagnostics = {of(Severity::warning)};
  CHECK(last_line(one) == "exai.toml is valid: 2 services, 2 layers, 1 warning\n");
  one.loaded.diagnostics.push_back(of(Severity::info));
  CHECK(last_line(one) == "exai.toml is valid: 2 services, 2 layers, 1 warning, 1 remark\n");
  one.loaded.diagnostics.erase(one.loaded.diagnostics.begin());
  CHECK(last_line(one) == "exai.toml is valid: 2 services, 2 layers, 1 remark\n");
  CHECK(validation_json({one}).at("valid") == true);

  one.loaded.diagnostics.push_back(of(Severity::error));
  one.loaded.stack = nullptr;
  CHECK(last_line(one) == "exai.toml is not valid: 1 error, 0 warnings, 1 remark\n");
  CHECK(validation_json({one}).at("valid") == false);
}

TEST_CASE("what is not shown is counted: allowed, in the baseline, too many to read") {
  Validated one = valid();
  one.loaded.allowed = 2;
  one.ignored = 3;
  one.loaded.dropped.milder = 40;
  CHECK(
      last_line(one) ==
      "exai.toml is valid: 2 services, 2 layers, 0 problems, 2 allowed, 3 in the baseline, and at "
      "least 40 more that are not shown\n");
  one.loaded.dropped.errors = 1;
  CHECK_THAT(last_line(one), Catch::StartsWith("exai.toml is not valid"));
}

TEST_CASE("a project without a stack file counts its files, and long lists are cut") {
  Validated one;
  one.label = "web";
  for (int i = 0; i < 10; ++i) one.loaded.files.push_back("f" + std::to_string(i));
  CHECK(validation_summary(one) ==
        "read f0, f1, f2, f3, f4, f5, f6, f7 and 2 more\n"
        "web is valid: 10 files, 0 problems\n");
}

TEST_CASE("the exit code says how bad it is") {
  Validated one = valid();
  CHECK(verdict({one}, Severity::info) == 0);
  one.loaded.diagnostics = {of(Severity::warning)};
  CHECK(verdict({one}, Severity::error) == 0);
  CHECK(verdict({one}, Severity::warning) == 1);
  CHECK(verdict({valid(), one}, Severity::info) == 1);
  one.loaded.diagnostics = {of(Severity::error)};
  CHECK(verdict({one, valid()}, Severity::error) == 2);
  one.loaded.diagnostics = {of(Severity::info)};
  CHECK(verdict({one}, Severity::warning) == 0);
  CHECK(verdict({one}, Severity::info) == 1);
}

TEST_CASE("what follows from one finding is told once, with it") {
  const Diagnostic root = finding("CFG022", Severity::error, "there is no file dev.env");
  config::Diagnostics all = {root};
  for (const char* name : {"A", "B"}) {
    all.push_back(finding("ENV018", Severity::error, std::string(name) + " is not set"));
    all.back().cause = as_cause(root);
  }
  all.push_back(finding("CFG001", Severity::error, "unknown key"));
  CHECK(findings_text(all, Telling::stories, config::Colour::never) ==
        "error[CFG022]: there is no file dev.env\n"
        "  note: 2 more findings follow from this: 2 × ENV018; --all shows them\n"
        "error[CFG001]: unknown key\n");
  CHECK(findings_text(all, Telling::everything, config::Colour::never) ==
        "error[CFG022]: there is no file dev.env\n"
        "error[ENV018]: A is not set\n"
        "error[ENV018]: B is not set\n"
        "error[CFG001]: unknown key\n");
}

TEST_CASE("what follows from a finding that is not shown names it once") {
  config::Diagnostics all;
  for (const char* name : {"A", "B", "C"}) {
    all.push_back(finding("ENV018", Severity::error, std::string(name) + " is not set"));
    all.back().cause = "there is no file dev.env";
  }
  CHECK(findings_text(all, Telling::stories, config::Colour::never) ==
        "error[ENV018]: A is not set\n"
        "  note: because of there is no file dev.env; so 2 more: 2 × ENV018; --all shows them\n");
}

TEST_CASE("validation as JSON has counts, files and diagnostics as lists of objects") {
  Validated one = valid();
  one.loaded.files = {"exai.toml"};
  one.loaded.diagnostics = {of(Severity::error)};
  const json::object object = validation_json({one});
  CHECK(find_integer(object, "errors") == 1);
  CHECK(find_integer(object, "warnings") == 0);
  CHECK(to_text(*find_array(object, "files")) == R"([{"path":"exai.toml"}])");
  REQUIRE(find_array(object, "diagnostics")->size() == 1);
  const json::object& first = find_array(object, "diagnostics")->at(0).as_object();
  CHECK(first.at("code") == "CFG001");
  CHECK(first.at("name") == "unknown-name");
  CHECK(first.at("evidence") == "deterministic");
  CHECK(find_string(first, "fingerprint")->size() == 16);
  CHECK_FALSE(first.contains("project"));
  CHECK(find_array(validation_json({one, valid()}), "diagnostics")->at(0).at("project") ==
        "exai.toml");
}
