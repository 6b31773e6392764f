// Dockerfiles: stages, what each instruction says after expansion, and where it is written.
#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "core/config/dockerfile.hpp"

namespace exai::config::test {

namespace {

Dockerfile parsed(const std::string& text,
                  const std::map<std::string, std::string>& arguments = {}) {
  return parse_dockerfile(std::make_shared<const Source>(Source{"Dockerfile", text}), arguments);
}

std::string place(const Span& span) {
  return fmt::format("{}:{}-{}:{}", span.begin.line, span.begin.column, span.end.line,
                     span.end.column);
}

std::string words(const DockerCommand& command) {
  std::string text = command.shell ? "shell" : "exec";
  for (const std::string& word : command.words) text += "|" + word;
  return text;
}

std::string environment(const DockerStage& stage) {
  std::string text;
  for (const DockerVariable& one : stage.environment)
    text += fmt::format("{}={} {} {}\n", one.name, one.value, place(one.name_span),
                        place(one.value_span));
  return text;
}

}  // namespace

TEST_CASE("stages, their bases and their names") {
  const Dockerfile file = parsed(
      "# syntax=docker/dockerfile:1\n"
      "ARG TAG=3.11\n"
      "FROM --platform=linux/amd64 python:${TAG}-slim AS Build\n"
      "from build as run\n"
      "FROM scratch\n");
  REQUIRE(file.diagnostics.empty());
  REQUIRE(file.stages.size() == 3);
  CHECK(file.stages[0].base.text == "python:3.11-slim");
  CHECK(place(file.stages[0].base.span) == "3:29-3:47");
  CHECK(file.stages[0].name == "build");
  CHECK(file.stage("RUN") == &file.stages[1]);
  CHECK(file.stage("2") == &file.stages[2]);
  CHECK(file.stage() == &file.stages[2]);
  CHECK(file.stage("none") == nullptr);
  CHECK(file.whole(file.stages[1]).base.text == "python:3.11-slim");
}

TEST_CASE("variables that double again and again fill no memory") {
  std::string text = "FROM alpine\nENV A=0123456789abcdef\n";
  for (int i = 0; i < 20; ++i) text += "ENV A=$A$A\n";
  for (int i = 0; i < 3000; ++i) text += fmt::format("ENV B{}=$A\n", i);
  const Dockerfile file = parsed(text);
  REQUIRE(file.diagnostics.size() == 1);
  CHECK(file.diagnostics[0].message ==
        "with variables replaced, the values of this file are longer than 8 MiB");
  std::size_t bytes = 0;
  for (const DockerVariable& one : file.stages[0].environment) bytes += one.value.size();
  CHECK(bytes < (std::size_t{9} << 20U));
}

TEST_CASE("a chain of more stages than anybody writes is not followed to its end") {
  std::string text = "FROM alpine AS s0\n";
  for (int i = 1; i < 5000; ++i) text += fmt::format("FROM s{} AS s{}\nENV A{}=b\n", i - 1, i, i);
  const Dockerfile file = parsed(text);
  CHECK(file.stages.size() == 200);
  REQUIRE(file.diagnostics.size() == 1);
  CHECK(place(file.diagnostics[0].span) == "400:1-400:18");
  CHECK(file.diagnostics[0].message == "a Dockerfile of more than 200 stages is not read on");
}

TEST_CASE("ENV is expanded with what was said before, and with arguments") {
  const std::string text =
      "FROM alpine\n"
      "ARG VERSION=1\n"
      "ENV A=x \\\n"
      "    # between\n"
      "    B=\"$A y\" C='$A' D=\\$A\n"
      "ENV E the rest of it\n"
      "ENV F=${VERSION} G=${NONE:-g}${A:+set} H=a\\ b\n";
  CHECK(environment(parsed(text).stages[0]) ==
        "A=x 3:5-3:6 3:7-3:8\n"
        "B=x y 5:5-5:6 5:7-5:13\n"
        "C=$A 5:14-5:15 5:16-5:20\n"
        "D=$A 5:21-5:22 5:23-5:26\n"
        "E=the rest of it 6:5-6:6 6:7-6:21\n"
        "F=1 7:5-7:6 7:7-7:17\n"
        "G=gset 7:18-7:19 7:20-7:39\n"
        "H=a b 7:40-7:41 7:42-7:46\n");
  CHECK(parsed(text, {{"VERSION", "2"}}).stages[0].environment[5].value == "2");
}

TEST_CASE("a stage stands on the stages it is FROM") {
  const Dockerfile file = parsed(
      "FROM alpine AS base\nENV A=1 B=1\nEXPOSE 80\nUSER app\nCMD [\"serve\"]\n"
      "FROM base\nENV B=2 C=$A\nEXPOSE 443/TCP 53/udp 7000-7005\nENTRYPOINT run\n");
  const DockerStage made = file.whole(*file.stage());
  CHECK(environment(made) ==
        "A=1 2:5-2:6 2:7-2:8\nB=1 2:9-2:10 2:11-2:12\n"
        "B=2 7:5-7:6 7:7-7:8\nC=1 7:9-7:10 7:11-7:13\n");
  std::string ports;
  for (const DockerPort& port : made.ports)
    ports += fmt::format("{}-{}/{} ", port.first, port.last, port.protocol);
  CHECK(ports == "80-80/tcp 443-443/tcp 53-53/udp 7000-7005/tcp ");
  CHECK(made.user->text == "app");
  CHECK(words(*made.entrypoint) == "shell|run");
  CHECK_FALSE(made.command);
}

TEST_CASE("commands, copies and health checks") {
  const Dockerfile file = parsed(
      "FROM alpine\n"
      "COPY --from=build --chown=a:b a b /target/\n"
      "ADD [\"x y\", \"/z\"]\n"
      "COPY <<EOF /etc/conf\nUSER nobody\nEOF\n"
      "RUN <<'SH'\nFROM x\nSH\n"
      "HEALTHCHECK --interval=10s --retries=3 CMD curl -f http://localhost/ || exit 1\n"
      "CMD [\"a\", \"b c\"]\n");
  REQUIRE(file.diagnostics.empty());
  const DockerStage& stage = file.stages.at(0);
  REQUIRE(stage.copies.size() == 3);
  CHECK(stage.copies[0].from == "build");
  CHECK(stage.copies[0].sources.size() == 2);
  CHECK(stage.copies[0].target.text == "/target/");
  CHECK(place(stage.copies[0].sources[1].span) == "2:33-2:34");
  CHECK(stage.copies[1].add);
  CHECK(stage.copies[1].sources[0].text == "x y");
  CHECK(stage.copies[2].sources.empty());
  CHECK(stage.copies[2].target.text == "/etc/conf");
  CHECK_FALSE(stage.user);
  REQUIRE(stage.healthcheck);
  CHECK(stage.healthcheck->options ==
        std::map<std::string, std::string>{{"interval", "10s"}, {"retries", "3"}});
  CHECK(words(stage.healthcheck->command) == "shell|curl -f http://localhost/ || exit 1");
  CHECK(words(*stage.command) == "exec|a|b c");
}

TEST_CASE("another escape character, as on Windows") {
  const Dockerfile file = parsed("# escape=`\nFROM alpine\nENV A=C:\\dir `\n  B=1\n");
  CHECK(environment(file.stages.at(0)) == "A=C:\\dir 3:5-3:6 3:7-3:13\nB=1 4:3-4:4 4:5-4:6\n");
}

TEST_CASE("what Docker would refuse is said at its place") {
  CHECK(render(parsed("FROM alpine\nENVV A=1\n  && make\n").diagnostics) ==
        "Dockerfile:2:1: error[CMP003]: unknown instruction \"ENVV\"\n"
        "    2 | ENVV A=1\n"
        "      | ^~~~\n"
        "  help: did you mean ENV?\n"
        "Dockerfile:3:3: error[CMP003]: unknown instruction \"&&\"\n"
        "    3 |   && make\n"
        "      |   ^~\n"
        "  help: is a \"\\\" missing at the end of the line above?\n");
  CHECK(render(parsed("RUN x\n").diagnostics) ==
        "Dockerfile:1:1: error[CMP003]: RUN stands in front of the first FROM\n"
        "    1 | RUN x\n"
        "      | ^~~\n"
        "  help: only ARG may come before FROM\n"
        "Dockerfile:1:1: error[CMP003]: this Dockerfile has no FROM\n"
        "    1 | RUN x\n"
        "      | ^\n"
        "  help: begin with the image to build on: FROM name:version\n");
  CHECK(parsed("FROM a\nEXPOSE 99999\n").diagnostics.at(0).message == "this is no port: \"99999\"");
}

}  // namespace exai::config::test
