// Files of machines and of attackers: a single line of them may be as long as a file may be. Each
// of these took minutes when every thing on a line looked for the line's beginning or end anew.
#include <catch2/catch.hpp>

#include "core/config/secrecy.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

std::string many(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += piece;
  return text;
}

// All that is said about a stack file that ends with `text`.
std::string said_of_stack(const std::string& text) {
  MemoryWorld world = world_with("process = [\"run\"]\n" + text);
  world.request.scope = Scope::project;
  return world.messages();
}

std::size_t said_of_service(const std::string& text) {
  MemoryWorld world;
  world.files["compose.yaml"] = "services:\n  a:\n    image: nginx:1.25\n" + text;
  world.files["Dockerfile"] = "FROM alpine:3.20\nENV " + many("A=b ", 500'000) + "\n";
  world.request.stack_file.clear();
  world.request.folder = "/stack";
  world.request.scope = Scope::project;
  const Diagnostics diagnostics = world.load().diagnostics;
  return static_cast<std::size_t>(
      std::count_if(diagnostics.begin(), diagnostics.end(),
                    [](const Diagnostic& one) { return one.code == "CMP021"; }));
}

}  // namespace

TEST_CASE("a comment of a stack file may be one long line") {
  const auto piece =
      GENERATE(as<std::string>(), "${", "${B:-x}", "an exai:allow ", "a://b:c/", "-a ");
  CHECK(said_of_stack("# " + many(piece, 200'000) + "\n") == "");
}

TEST_CASE("a value of a stack file may be one long line") {
  CHECK(said_of_stack("env = { A = \"" + many("${B:-x} ", 200'000) + "\" }\n") == "");
}

TEST_CASE("a thousand allowances may stand one below the other") {
  const std::string all = many("# exai:allow DEP001 x\n", 200'000);
  CHECK(said_of_stack(all).find("DEP001 cannot be allowed") != std::string::npos);
}

TEST_CASE("a service may have long texts") {
  CHECK(said_of_service("    labels:\n      x: \"" + many("a://b:c/", 900'000) + "\"\n") == 0);
  CHECK(said_of_service("    command: \"" + many("$$${", 300'000) + "\"\n") == 0);
  CHECK(said_of_service("    command: \"" + many("$$X ", 300'000) + "\"\n") > 100);
  CHECK(said_of_service("    command: [\"sh\", \"-c\", \"" + many("$X ", 300'000) + "\"]\n") == 0);
  CHECK(said_of_service("    build: .\n") == 0);
}

TEST_CASE("secrets are found in long lines, and behind what looks like the beginning of one") {
  for (const char* piece : {"a://b:c/", "-a ", "token token ", "x://y/", "\"key\": \"\n"}) {
    INFO(piece);
    const std::string text = many(piece, 500'000) + "\npassword=hunter2-and-more\n";
    const auto found = find_secrets(text);
    REQUIRE(!found.empty());
    CHECK(found.back().end == text.size() - 1);
  }
  const std::string text = many("a://b/", 500'000) + "a://user:hunter2@host/";
  const auto found = find_secrets(text);
  REQUIRE(found.size() == 1);
  CHECK(text.substr(found[0].begin, found[0].end - found[0].begin) == "hunter2");
}

}  // namespace exai::config::test
