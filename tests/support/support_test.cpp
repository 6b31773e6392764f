// Thesis: what tests stand on holds: programs end, folders vanish, Redis can be killed and frozen.

#include "tests/support/support.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "core/base/proc.hpp"

namespace exai::test {

TEST_CASE("a temporary folder is private and goes away with what is in it") {
  Path path;
  {
    const TempDir folder;
    path = folder.path();
    folder.write("a/b.txt", "text");
    CHECK(read_file(path / "a/b.txt").value() == "text");
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_all) ==
          std::filesystem::perms::none);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a port is given once") {
  CHECK(free_port() != free_port());
}

TEST_CASE("waiting for a level ends with the deadline") {
  int asked = 0;
  CHECK(wait_until([&] { return ++asked == 3; }));
  CHECK_FALSE(wait_until([] { return false; }, 20ms));
}

TEST_CASE("a program's input, output and exit come through") {
  Command command;
  command.arguments = {"sh", "-c", "cat; echo oops >&2; exit 3"};
  command.input = "hello";
  const Outcome outcome = run(std::move(command));
  CHECK(outcome.exit == 3);
  CHECK(outcome.out == "hello");
  CHECK(outcome.err == "oops\n");
}

TEST_CASE("a program that does not end is ended, and its children with it") {
  const Outcome outcome = run({"sh", "-c", "sleep 1000 & echo $!; wait"}, 200ms);
  CHECK(outcome.exit == -1);
  const pid_t child = std::stoi(outcome.out);
  CHECK(wait_until([&] {
    const auto info = process_info(child);
    return !info || info->state == 'Z';
  }));
}

TEST_CASE("a real Redis stops, is killed, and comes back on its port") {
  RealRedis redis;
  const auto port = redis.port();
  redis.kill();
  CHECK(listeners_on({port}).empty());
  redis.start();
  CHECK(listeners_on({port}).size() == 1);
  redis.freeze();
  CHECK(wait_until([&] { return process_info(redis.pid())->state == 'T'; }));
  redis.thaw();
  redis.stop();
  CHECK(listeners_on({port}).empty());
}

}  // namespace exai::test
