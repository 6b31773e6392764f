// What services print: nothing is lost, nothing is there twice, and no log ever stops a service.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <thread>

#include "core/logs/parts.hpp"
#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// Everything that is kept of a service's log, oldest first.
std::string log_of(const Stack& stack, const std::string& name) {
  std::string text;
  for (const logs::Part& part : logs::parts_of(stack.state("logs/" + name + ".log"))) {
    auto reader = logs::PartReader::open(part);
    if (reader) text += reader->read(0, 1U << 30U);  // else it has gone since
  }
  return text;
}

bool says(const Stack& stack, const std::string& name, const std::string& text) {
  return log_of(stack, name).find(text) != std::string::npos;
}

void wait_for(const Stack& stack, const std::string& name, const std::string& text) {
  INFO("waiting for " << text);
  REQUIRE(wait_until([&] { return says(stack, name, text); }, 20s));
}

// Prints "1", "2", … and, once there is a file "stop", "the end".
const std::string kCounting =
    "i=0; while [ ! -e stop ]; do i=$((i+1)); echo $i; done; "
    "echo the end; exec sleep 1000\n";

// How many lines are not the number after that of the line before: lost, doubled or broken.
std::size_t faults(const std::string& text, std::int64_t& count) {
  std::size_t found = 0;
  count = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line == "the end") break;
    const auto number = parse_integer(line);
    if (!number || *number != count + 1) ++found;
    count = number.value_or(count + 1);
  }
  return found;
}

std::uint64_t resident_mebibytes(pid_t pid) {
  const std::string status = read_file(fmt::format("/proc/{}/status", pid)).value_or("");
  const std::size_t at = status.find("VmRSS:");
  REQUIRE(at != std::string::npos);
  const auto digits = trim(std::string_view(status).substr(at + 6, 12));
  return static_cast<std::uint64_t>(parse_integer(digits.substr(0, digits.find(' '))).value_or(0)) /
         1024;
}

}  // namespace

TEST_CASE("a supervisor that is killed at 50 instants loses no line and has none twice") {
  Stack stack(service("a", "log = { max_size = \"256KiB\", keep = 1000 }"));
  stack.script("a.sh", kCounting);
  stack.start();
  stack.up();
  const pid_t pid = static_cast<pid_t>(stack.in_state("a", State::ready).pid);
  std::mt19937 random(20261121);
  for (int kill = 0; kill < 50; ++kill) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    stack.kill_supervisor();
    if (kill % 2 == 0)
      stack.start();
    else
      stack.start({"--adopt-only"});
  }
  CHECK(stack.in_state("a", State::ready).pid == pid);
  stack.script("stop", "");
  wait_for(stack, "a", "the end\n");
  std::int64_t count = 0;
  CHECK(faults(log_of(stack, "a"), count) == 0);
  CHECK(count > 1000);
  stack.down();
}

TEST_CASE("eight services that print as fast as they can lose no line while their logs rotate") {
  std::string services;
  for (const char name : std::string("abcdefgh"))
    services += service(std::string(1, name), "log = { max_size = \"256KiB\", keep = 1000 }");
  Stack stack(services);
  for (const char name : std::string("abcdefgh"))
    stack.script(std::string(1, name) + ".sh", "seq 1 200000; echo the end; exec sleep 1000\n");
  stack.start();
  stack.up();
  for (const char name : std::string("abcdefgh")) {
    const std::string service(1, name);
    wait_for(stack, service, "the end\n");
    std::int64_t count = 0;
    CHECK(faults(log_of(stack, service), count) == 0);
    CHECK(count == 200'000);
    CHECK(logs::parts_of(stack.state("logs/" + service + ".log")).size() > 4);
    CHECK(stack.status(service).log_lines_dropped == 0);
  }
  stack.down();
}

TEST_CASE("only as many parts are kept as the file says, compressed, and readable") {
  Stack stack("[logs]\nmax_size = \"64KiB\"\nkeep = 3\n" + service("a") +
              service("b", "log = { keep = 1, compress = false }"));
  stack.script("a.sh", "seq 1 200000; echo the end; exec sleep 1000\n");
  stack.script("b.sh", "seq 1 200000; echo the end; exec sleep 1000\n");
  stack.start();
  stack.up();
  wait_for(stack, "a", "the end\n");
  wait_for(stack, "b", "the end\n");
  const auto parts = [&](const std::string& name) {
    return logs::parts_of(stack.state("logs/" + name + ".log"));
  };
  REQUIRE(wait_until([&] {
    const auto all = parts("a");
    return std::count_if(all.begin(), all.end(),
                         [](const logs::Part& part) { return part.compressed; }) == 3;
  }));
  CHECK(parts("a").size() == 4);
  CHECK(parts("b").size() == 2);
  CHECK_FALSE(parts("b").front().compressed);
  const std::string text = log_of(stack, "a");
  CHECK_THAT(text, Catch::EndsWith("199999\n200000\nthe end\n"));
  stack.down();
}

TEST_CASE("all logs together take no more than the file says") {
  Stack stack(
      "[logs]\nmax_size = \"64KiB\"\nkeep = 100\ncompress = false\n"
      "max_total = \"512KiB\"\n" +
      service("a") + service("b"));
  for (const char* name : {"a.sh", "b.sh"})
    stack.script(name, "seq 1 200000; echo the end; exec sleep 1000\n");
  stack.start();
  stack.up();
  wait_for(stack, "a", "the end\n");
  wait_for(stack, "b", "the end\n");
  CHECK(wait_until([&] {
    std::uint64_t total = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(stack.state("logs")))
      total += entry.file_size(error);
    return total < 768U << 10U;  // the current parts come on top
  }));
  stack.down();
}

TEST_CASE("the last words of a run are kept, and are no part of the next run's first line") {
  Stack stack(service("a"));
  stack.script("a.sh",
               "echo run >> runs; printf 'first %s, last words' $(wc -l < runs); "
               "[ $(wc -l < runs) -lt 3 ] || exec sleep 1000; exit 1\n");
  stack.start();
  stack.up();
  wait_for(stack, "a", "first 3, last words");
  stack.down();
  CHECK(log_of(stack, "a") == "first 1, last words\nfirst 2, last words\nfirst 3, last words\n");
}

TEST_CASE("binary junk and lines of a megabyte are kept byte for byte") {
  Stack stack(service("a"));
  stack.script("a.sh", "cat junk; exec sleep 1000\n");
  std::mt19937 random(7);
  std::string junk;
  for (int i = 0; i < 100'000; ++i) junk += static_cast<char>(random());
  junk += "\r\n" + std::string(1U << 20U, 'x') + "\n\n\r\r\n\xc3\x28 the end\n";
  stack.script("junk", junk);
  stack.start();
  stack.up();
  wait_for(stack, "a", "the end\n");
  CHECK(log_of(stack, "a") == junk);
  stack.down();
}

TEST_CASE("a line of 300 MB takes no memory of the supervisor") {
#ifdef __SANITIZE_ADDRESS__
  constexpr int kMost = 256;  // it keeps what was freed, for a while
#else
  constexpr int kMost = 64;
#endif
  Stack stack(service("a", "log = { keep = 1, compress = false }"));
  stack.script("a.sh",
               "head -c 300000000 /dev/zero | tr '\\0' x; echo; echo the end; exec sleep 1000\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until(
      [&] { return stack.read("state/logs/a.log").find("the end\n") != std::string::npos; }, 30s));
  CHECK(resident_mebibytes(stack.supervisor().pid()) < kMost);
  CHECK(stack.status("a").log_lines_dropped == 0);
  stack.down();
}

TEST_CASE("a service that closes its output, and its children that keep it, hold up nothing") {
  Stack stack(service("closed") + service("held"));
  stack.script("closed.sh", "echo up; exec >&- 2>&-; echo run >> runs; exec sleep 1000\n");
  // The leader ends, what it started keeps the fifo: the next run comes at once.
  stack.script("held.sh",
               "echo run; echo run >> held.runs; [ $(wc -l < held.runs) -gt 1 ] && "
               "exec sleep 1000; (trap '' TERM HUP; exec setsid sleep 1000) & exit 1\n");
  stack.start();
  stack.up();
  stack.in_state("closed", State::ready);
  stack.until("held", [](const auto& s) { return s.restarts == 1 && s.state == State::ready; });
  wait_for(stack, "held", "run\nrun\n");
  CHECK(log_of(stack, "closed") == "up\n");
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("logs that are removed while services print are made anew, and nobody stops") {
  Stack stack(service("a"));
  stack.script("a.sh", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done\n");
  stack.start();
  stack.up();
  wait_for(stack, "a", "5\n");
  std::filesystem::remove_all(stack.state("logs"));
  wait_for(stack, "a", "0\n");
  std::filesystem::remove(stack.state("logs/a.log"));
  std::filesystem::remove(stack.state("logs/a.log.idx"));
  wait_for(stack, "a", "0\n");
  std::filesystem::resize_file(stack.state("logs/a.log"), 0);
  wait_for(stack, "a", "0\n");
  CHECK(stack.status("a").restarts == 0);
  CHECK(stack.status("a").log_lines_dropped == 0);
  stack.down();
}

TEST_CASE("a full disk costs lines, which are counted, and nothing else; it is over by itself") {
  Stack stack(service("a") + service("b"));
  stack.script("a.sh",
               "seq 1 100000; echo through > through; while [ ! -e go ]; do sleep 0.01; "
               "done; echo after; exec sleep 1000\n");
  stack.script("b.sh", "echo b; exec sleep 1000\n");
  std::filesystem::create_directories(stack.state("logs"));
  for (const char* folder : {"", "logs"})
    std::filesystem::permissions(stack.state(folder), std::filesystem::perms::owner_all);
  std::filesystem::create_symlink("/dev/full", stack.state("logs/a.log"));
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("through").empty(); }));
  wait_for(stack, "b", "b\n");
  stack.until("a", [](const auto& s) { return s.log_lines_dropped == 100'000; });
  std::filesystem::remove(stack.state("logs/a.log"));
  stack.script("go", "");
  wait_for(stack, "a", "after\n");
  CHECK(log_of(stack, "a") == "[exai] 100000 lines dropped: the log could not be written\nafter\n");
  CHECK(stack.status("a").log_lines_dropped == 100'000);
  CHECK(stack.status("a").restarts == 0);
  stack.down();
}

TEST_CASE("a limit on the size of files does not end the supervisor") {
  Stack stack(service("a"));
  stack.script("a.sh", "seq 1 100000; echo through > through; exec sleep 1000\n");
  stack.start({}, {"/bin/sh", "-c", "ulimit -f 100; exec \"$0\" \"$@\""});
  stack.up();
  stack.until("a", [](const auto& s) { return s.log_lines_dropped > 0; });
  CHECK(stack.status("a").restarts == 0);
  stack.down();
}

TEST_CASE("a supervisor that is frozen makes services wait, and loses nothing") {
  Stack stack(service("a", "log = { max_size = \"256KiB\", keep = 1000 }"));
  stack.script("a.sh", kCounting);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const auto count_now = [&] {
    std::int64_t count = 0;
    faults(log_of(stack, "a"), count);
    return count;
  };
  REQUIRE(wait_until([&] { return count_now() > 100; }));
  stack.supervisor().signal(SIGSTOP);
  std::this_thread::sleep_for(300ms);  // long enough for the fifo to be full
  stack.supervisor().signal(SIGCONT);
  stack.script("stop", "");
  wait_for(stack, "a", "the end\n");
  std::int64_t count = 0;
  CHECK(faults(log_of(stack, "a"), count) == 0);
  stack.down();
}

TEST_CASE("what a service has left that ended while nobody watched is a run of its own") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo run >> runs; printf 'run %s' $(wc -l < runs); exec sleep 1000\n");
  stack.start();
  stack.up();
  wait_for(stack, "a", "run 1");
  const auto pid = static_cast<pid_t>(stack.status("a").pid);
  stack.kill_supervisor();
  ::kill(pid, SIGKILL);
  REQUIRE(wait_until([&] { return stack.remaining().empty(); }));
  stack.start();
  wait_for(stack, "a", "run 2");
  CHECK(log_of(stack, "a") == "run 1\nrun 2");
  stack.down();
}

TEST_CASE("an index that is lost or damaged does not hold up a log") {
  Stack stack(service("a"));
  stack.script("a.sh",
               "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two; exec sleep 1000\n");
  stack.start();
  stack.up();
  wait_for(stack, "a", "one\n");
  stack.kill_supervisor();
  stack.script("state/logs/a.log.idx", "no index at all, and no multiple of 32 bytes either");
  stack.start();
  stack.script("go", "");
  wait_for(stack, "a", "two\n");
  CHECK(log_of(stack, "a") == "one\ntwo\n");
  const auto marks = logs::PartReader::open({stack.state("logs/a.log")})->marks();
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].offset == 4);
  stack.down();
}
