// What rules know beyond the text: names of images, lists of shell commands, hosts in values.
#include "core/config/lint/compose_facts.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"

namespace exai::config::test {

namespace {

std::string image_text(std::string_view text) {
  const ImageName image = parse_image(text);
  return fmt::format("{}|{}|{}|{}{}", image.registry, image.repository, image.tag, image.digest,
                     image.official() ? "|official" : "");
}

std::string commands_text(std::string_view text) {
  const auto commands = shell_commands(text);
  if (!commands) return "not a list";
  std::string result;
  for (const ShellCommand& command : *commands)
    result += fmt::format("[{}{}{}]", command.before, command.before.empty() ? "" : " ",
                          join(command.words, ",")) +
              (command.redirected ? ">" : "");
  return result;
}

std::string hosts_text(std::string_view value) {
  std::string result;
  for (const HostUse& use : hosts_in(value))
    result +=
        fmt::format("[{} {} {}]", use.scheme, use.host, use.port ? std::to_string(*use.port) : "-");
  return result;
}

struct Row {
  std::string_view text, expected;
};

}  // namespace

TEST_CASE("the name of an image has a registry, a repository, a tag and a digest") {
  for (const Row& row : {
           Row{"redis", "|redis|||official"},
           Row{"redis:7.4-alpine", "|redis|7.4-alpine||official"},
           Row{"docker.io/library/redis:7", "|redis|7||official"},
           Row{"bitnami/redis:7", "|bitnami/redis|7|"},
           Row{"ghcr.io/team/app", "ghcr.io|team/app||"},
           Row{"registry:5000/app:1", "registry:5000|app|1|"},
           Row{"localhost/app@sha256:ab", "localhost|app||sha256:ab"},
           Row{"", "||||official"},
       })
    CHECK(image_text(row.text) == row.expected);
}

TEST_CASE("a shell text is a list of simple commands, or more than rules can judge") {
  for (const Row& row : {
           Row{"true", "[true]"},
           Row{"curl -f 'http://a b' || exit 1", "[curl,-f,http://a b][|| exit,1]"},
           Row{"a; b && c | d &", "[a][; b][&& c][| d]"},
           Row{"a ||\n  b\n", "[a][|| b]"},
           Row{"a >/dev/null 2>&1", "[a]"},
           Row{"echo > /dev/tcp/localhost/80", "[echo]>"},
           Row{"test \"$(curl -s x)\" = ok", "not a list"},
           Row{"(a; b)", "not a list"},
           Row{"if a; then b; fi", "not a list"},
           Row{"echo ${A}", "[echo,${A}]"},
           Row{"", ""},
           Row{"'never closed", "[never closed]"},
           Row{"a \\", "[a,\\]"},
       })
    CHECK(commands_text(row.text) == row.expected);
}

TEST_CASE("a value names hosts as URLs and as host:port") {
  for (const Row& row : {
           Row{"redis://user:p%40ss@redis:6379/0", "[redis redis 6379]"},
           Row{"postgresql+asyncpg://db/app", "[postgresql+asyncpg db -]"},
           Row{"mongodb://a:1,b:2/x", "[mongodb a 1][mongodb b 2]"},
           Row{"http://a:80,http://b", "[http a 80][http b -]"},
           Row{"kafka:9092, kafka2:9093", "[ kafka 9092][ kafka2 9093]"},
           Row{"jdbc:postgresql://db:5432/x", "[postgresql db 5432]"},
           Row{"sqlite:///data/x.db", ""},
           Row{"http://[::1]:80", ""},
           Row{"http://*:80", ""},
           Row{"12:30", "[ 12 30]"},
           Row{"plain text", ""},
           Row{"://", ""},
       })
    CHECK(hosts_text(row.text) == row.expected);
}

}  // namespace exai::config::test
