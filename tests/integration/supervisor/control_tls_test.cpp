// The supervisor's port with a certificate: who speaks TLS and has the token comes in.
#include "tests/integration/supervisor/raw_client.hpp"
#include "tests/integration/supervisor/stack.hpp"
#include "tests/support/certificates.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

class SecureStack {
 public:
  explicit SecureStack(const std::string& more =
                           "certificate = \"control.pem\"\n"
                           "key = \"control.key\"\n")
      : stack(fmt::format("[secrets.CONTROL_TOKEN]\ngenerate = 32\n\n[control]\nport = {}\n"
                          "token = \"CONTROL_TOKEN\"\n{}\n[services.a]\nprocess = [\"sleep\", "
                          "\"1000\"]\n",
                          port, more)) {
    renew("0A");
  }

  void renew(const std::string& serial) {
    ca.issue(stack.path("control.pem"), stack.path("control.key"), {.serial = serial});
  }
  std::string token() {
    std::string token;
    REQUIRE(wait_until([&] {
      token = read_file(stack.state("secrets/CONTROL_TOKEN")).value_or("");
      return token.size() == 32;
    }));
    return token;
  }
  // What the port answers to these lines, inside TLS, until `until` is among it.
  std::string answers(const std::string& lines, const std::string& until) const {
    Command command;
    command.arguments = {"openssl",
                         "s_client",
                         "-quiet",
                         "-verify_quiet",
                         "-verify_return_error",
                         "-CAfile",
                         ca.file(),
                         "-verify_ip",
                         "127.0.0.1",
                         "-connect",
                         fmt::format("127.0.0.1:{}", port)};
    command.input = lines;
    Process client(std::move(command));
    wait_until([&] { return client.out().find(until) != std::string::npos || !client.running(); });
    return client.out() + client.err();
  }

  std::uint16_t port = free_port();
  TestCa ca;
  SupervisedStack stack;
};

std::string line(int id, const std::string& method, const std::string& params = "{}") {
  return fmt::format("{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"{}\",\"params\":{}}}\n", id,
                     method, params);
}

}  // namespace

TEST_CASE("the port speaks TLS: with the token it answers, without it ends") {
  SecureStack secure;
  secure.stack.start();
  const std::string shown =
      line(1, "authenticate", fmt::format("{{\"token\":\"{}\"}}", secure.token()));
  const std::string said = secure.answers(shown + line(2, "status"), "\"id\":2");
  CHECK_THAT(said, Contains("\"id\":1,\"result\""));
  CHECK_THAT(said, Contains("\"id\":2,\"result\""));
  CHECK_THAT(secure.answers(line(1, "status"), "\"id\":1"), Contains("the first call here is"));
  RawClient in_clear_text(secure.port);
  in_clear_text.ask("status");
  CHECK_THAT(in_clear_text.line(), Contains("this port speaks TLS"));
  CHECK(serial_at(secure.port) == "0A");
  secure.renew("0B");
  CHECK(wait_until([&] { return serial_at(secure.port) == "0B"; }));
  secure.stack.down();
}

TEST_CASE("a certificate of the port that cannot be used is named, and nothing is started") {
  const auto [more, message] = GENERATE(table<std::string, std::string>({
      {"certificate = \"other.pem\"\nkey = \"control.key\"\n", "[control] certificate, key: "},
      {"certificate = \"control.pem\"\n", "key"},
      {"key = \"control.key\"\n", "certificate"},
  }));
  const SecureStack secure(more);
  const auto ended = test::run(secure.stack.command());
  CHECK(ended.exit != 0);
  CHECK_THAT(ended.err, Contains(message));
}
