// Files, processes and sockets as the kernel really has them.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <set>
#include <thread>

#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/os.hpp"
#include "core/base/proc.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "core/base/watcher.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using exai::test::TempDir;
using exai::test::wait_until;

namespace {

unsigned mode_of(const Path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

// Runs a shell line through spawn() with its output in a file, to its end.
std::string output_of(const TempDir& folder, const std::string& line,
                      Environment environment = {}) {
  const Path out = folder / "out";
  const Fd file = *open_file(out, O_WRONLY | O_CREAT | O_TRUNC);
  SpawnSpec spec;
  spec.command = {"/bin/sh", "-c", line};
  spec.environment = std::move(environment);
  spec.stdout_fd = file.get();
  const auto child = spawn(spec);
  REQUIRE(child);
  int status = 0;
  REQUIRE(::waitpid(child->pid, &status, 0) == child->pid);
  return *read_file(out);
}

Task<Result<>> island_answer(Island& island, int& answer) {
  std::function<Result<int>()> work = [] { return Result<int>(42); };
  auto result = co_await island.run(std::move(work));
  answer = *result;
  co_return Result<>{};
}

}  // namespace

TEST_CASE("a watcher calls once for each descriptor that is ready, and not for one it forgot") {
  Loop loop;
  Watcher watcher(loop);
  std::vector<std::array<Fd, 2>> pipes(100);
  std::vector<int> called;
  for (int i = 0; i < 100; ++i) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    auto& pipe = pipes[static_cast<std::size_t>(i)];
    pipe = {Fd(ends[0]), Fd(ends[1])};
    REQUIRE(watcher.watch(pipe[0], [&called, i] { called.push_back(i); }));
    if (i % 2 == 0) REQUIRE(::write(pipe[1].get(), "x", 1) == 1);
  }
  CHECK(watcher.watch(pipes[1][0], [] {}).error().code() == Errc::conflict);
  watcher.forget(pipes[4][0]);
  for (std::size_t i = 1; i < 100; i += 2) watcher.forget(pipes[i][0]);
  loop.run();  // nothing is left to be watched: it runs dry
  std::sort(called.begin(), called.end());
  REQUIRE(called.size() == 49);
  CHECK(std::find(called.begin(), called.end(), 4) == called.end());
  SECTION("again, when it is watched again") {
    REQUIRE(watcher.watch(pipes[0][0], [&] { called.clear(); }));
    loop.context().restart();
    loop.run();
    CHECK(called.empty());
  }
}

TEST_CASE("a program is started as it was asked for") {
  test::TempDir folder;
  const Fd out = *open_file(folder / "out", O_WRONLY | O_CREAT);
  SpawnSpec spec;
  spec.command = {"/bin/sh", "-c",
                  "umask; nice; ulimit -n; id -u; id -g; id -G; cat /proc/self/oom_score_adj; pwd"};
  spec.environment = {{"PATH", "/usr/bin:/bin"}};
  spec.working_directory = "/";
  spec.stdout_fd = out.get();
  spec.umask = 027;
  spec.nice = 5;
  spec.limits = {{RLIMIT_NOFILE, 99, 100}};
  spec.oom_score = 17;
  const bool root = ::geteuid() == 0;
  if (root) spec.credentials = Credentials{65534, 65533, {65532}};
  const auto child = spawn(spec);
  REQUIRE(child);
  int status = -1;
  ::waitpid(child->pid, &status, 0);
  CHECK(status == 0);
  const std::string who = root ? "65534\n65533\n65533 65532\n" : fmt::format("{}\n", ::geteuid());
  const std::string seen = *read_file(folder / "out");
  CHECK(seen.starts_with("0027\n5\n99\n" + who));
  CHECK(seen.ends_with("17\n/\n"));
}

TEST_CASE("what cannot be done for a program is told, and nothing is left of it") {
  SpawnSpec spec;
  spec.command = {"/bin/true"};
  const auto message = [&] {
    const auto child = spawn(spec);
    return child ? std::string("started") : child.error().message();
  };
  spec.limits = {{RLIMIT_NOFILE, 100, 99}};
  CHECK(message() == "starting /bin/true: setting its resource limits: Invalid argument");
  spec.limits = {};
  spec.processors = {1023};
  CHECK(message() == "starting /bin/true: choosing its processors: Invalid argument");
  spec.processors = {};
  spec.working_directory = "/etc/passwd";
  CHECK(message() == "starting /bin/true: there is no folder /etc/passwd");
  spec.working_directory = Path();
  CHECK(message() == "started");
}

TEST_CASE("an atomic write replaces the whole file with the mode asked for") {
  const TempDir folder;
  const Path file = folder / "state.json";
  REQUIRE(write_file_atomic(file, "one", 0600));
  CHECK(mode_of(file) == 0600);
  REQUIRE(write_file_atomic(file, "two", 0600));
  CHECK(read_file(file) == "two");
  const auto entries = std::distance(std::filesystem::directory_iterator(folder.path()), {});
  CHECK(entries == 1);  // no temporary is left
}

TEST_CASE("a failed write leaves the old content") {
  const TempDir folder;
  const Path file = folder / "sub" / "x";
  const auto written = write_file_atomic(file, "x");
  REQUIRE_FALSE(written);
  CHECK(written.error().code() == Errc::not_found);
}

TEST_CASE("reading says what keeps it from reading") {
  const TempDir folder;
  CHECK(read_file(folder / "absent").error().code() == Errc::not_found);
  CHECK(read_file(folder.path()).error().code() == Errc::invalid);
  folder.write("big", "123456");
  CHECK(read_file(folder / "big", 5).error().code() == Errc::invalid);
  CHECK(read_file(folder / "big", 6) == "123456");
}

TEST_CASE("a private folder that is open to others is refused with the cure") {
  const TempDir folder;
  const Path inner = folder / "a" / "b";
  REQUIRE(make_private_directory(inner));
  CHECK(mode_of(inner) == 0700);
  ::chmod(inner.c_str(), 0755);
  const auto again = make_private_directory(inner);
  REQUIRE_FALSE(again);
  CHECK(again.error().message() ==
        inner.string() + " is open to others; make it private: chmod 700 " + inner.string());
}

TEST_CASE("a lock is held once and names its holder") {
  const TempDir folder;
  const Path file = folder / "lock";
  {
    const auto first = LockFile::acquire(file);
    REQUIRE(first);
    const auto second = LockFile::acquire(file);
    REQUIRE_FALSE(second);
    CHECK(second.error() ==
          Error(Errc::conflict, fmt::format("{} is held by pid {}", file.string(), ::getpid())));
  }
  CHECK(LockFile::acquire(file));
}

TEST_CASE("the lock of a dead holder is waited for while something it started still has it") {
  TempDir folder;
  const Path file = folder / "lock";
  const pid_t holder = ::fork();
  REQUIRE(holder >= 0);
  if (holder == 0) {
    const auto lock = LockFile::acquire(file);
    if (::fork() == 0) ::usleep(200'000);  // between its fork and its exec
    ::_exit(lock ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(holder, &status, 0) == holder);
  CHECK(status == 0);
  const Fd probe(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  CHECK(::flock(probe.get(), LOCK_EX | LOCK_NB) != 0);
  CHECK(LockFile::acquire(file));
}

TEST_CASE("programs are found as execvp finds them") {
  const TempDir folder;
  const Path tool = folder.write("bin/tool", "#!/bin/sh\n");
  CHECK_FALSE(find_program("tool", (folder / "bin").string()));  // not executable yet
  ::chmod(tool.c_str(), 0755);
  CHECK(find_program("tool", "/nowhere:" + (folder / "bin").string()) == tool);
  CHECK(find_program(tool.string(), "") == tool);
  CHECK_FALSE(find_program("tool", "/nowhere"));
  CHECK_FALSE(find_program("", (folder / "bin").string()));
}

TEST_CASE("random tokens have the length asked for and do not repeat") {
  CHECK(random_token(32).size() == 32);
  CHECK(random_token(32) != random_token(32));
  CHECK(random_hex(8).size() == 16);
}

TEST_CASE("a child starts with a clean slate: environment, descriptors, signals, session") {
  const TempDir folder;
  ::signal(SIGPIPE, SIG_IGN);
  const int leak = ::open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): it is the test
  REQUIRE(leak >= 3);
  const std::string out = output_of(
      folder,
      "echo env=$A; ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status; "
      "grep SigBlk /proc/self/status; cut -d' ' -f1,6 /proc/$$/stat; readlink /proc/$$/fd/0",
      {{"A", "1"}, {"PATH", "/usr/bin:/bin"}});
  ::close(leak);
  const auto lines = split(out, '\n');
  REQUIRE(lines.size() >= 6);
  CHECK(lines[0] == "env=1");
  CHECK(lines[1] == "4");  // 0, 1, 2 and the folder that ls reads
  // glibc's posix_spawn leaves its two internal signals (32, 33) ignored; the standard ones count.
  constexpr unsigned long kStandardSignals = 0x7FFFFFFF;
  CHECK((std::stoul(lines[2].substr(8), nullptr, 16) & kStandardSignals) == 0);
  CHECK(lines[3] == "SigBlk:\t0000000000000000");
  const auto ids = split(lines[4], ' ');
  CHECK(ids[0] == ids[1]);  // the leader of its own session
  CHECK(lines[5] == "/dev/null");
}

TEST_CASE("a child is handed descriptors in their order, whatever their numbers here") {
  // More than a first start takes places for, and from high numbers down to low ones.
  constexpr std::size_t kCount = 20;
  const TempDir folder;
  SpawnSpec spec;
  for (std::size_t i = 0; i < kCount; ++i) {
    auto file = open_file(folder.write(fmt::format("f{}", i), ""), O_RDONLY | O_CLOEXEC);
    REQUIRE(file);
    spec.inherited.insert(spec.inherited.begin(), *std::move(file));
  }
  auto out = open_file(folder / "out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  REQUIRE(out);
  spec.stdout_fd = out->get();
  spec.command = {"/bin/sh", "-c", "for i in $(seq 0 22); do readlink /proc/$$/fd/$i; done"};
  spec.environment = {{"PATH", "/usr/bin:/bin"}};
  const auto child = spawn(spec);
  REQUIRE(child);
  ::waitpid(child->pid, nullptr, 0);
  const std::string at = (folder / "").string();
  std::string expected = fmt::format("/dev/null\n{0}out\n{0}out\n", at);
  for (std::size_t i = kCount; i-- > 0;) expected += fmt::format("{}f{}\n", at, i);
  CHECK(read_file(folder / "out").value() == expected);
}

TEST_CASE("a start leaves our own descriptors as they were, and holds none of the child's") {
  const TempDir folder;
  const auto open_now = [] {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      all.insert(entry.path().filename().string() + " " +
                 std::filesystem::read_symlink(entry.path(), error).string());
    }
    return all;
  };
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  SpawnSpec spec;
  spec.command = {"/bin/true"};
  spec.stdout_fd = writer.get();
  const auto start_one = [&] {
    const auto child = spawn(spec);
    REQUIRE(child);
    ::waitpid(child->pid, nullptr, 0);
  };
  start_one();  // takes the places
  const auto before = open_now();
  start_one();
  CHECK(open_now() == before);
  writer = Fd();
  char byte = 0;
  CHECK(::read(reader.get(), &byte, 1) == 0);  // nobody holds the other end
}

TEST_CASE("what cannot be started is told at once") {
  const TempDir folder;
  SpawnSpec spec;
  spec.command = {(folder / "absent").string()};
  CHECK(spawn(spec).error().code() == Errc::not_found);
  spec.command = {folder.write("data", "x").string()};
  CHECK(spawn(spec).error().code() == Errc::denied);
  spec.command = {"/bin/true"};
  spec.working_directory = folder / "nowhere";
  CHECK(spawn(spec).error().message() ==
        "starting /bin/true: there is no folder " + (folder / "nowhere").string());
  CHECK(spawn({}).error().code() == Errc::invalid);
}

TEST_CASE("a process is described by the kernel") {
  const auto me = process_info(::getpid());
  REQUIRE(me);
  CHECK(me->parent == ::getppid());
  CHECK(me->program == "integration_bas");  // the kernel cuts names at 15
  CHECK(me->resident_bytes > 100'000);
  CHECK(me->start_ticks > 0);
  const auto started = process_started(*me);
  REQUIRE(started);
  const auto age = std::chrono::system_clock::now() - *started;
  CHECK(age > -2s);
  CHECK(age < 10min);
  CHECK_FALSE(process_info(0x3FFFFFFF));
  CHECK(command_line(::getpid()).find("integration_base") != std::string::npos);
}

TEST_CASE("alive is what runs and was started then, and not what has ended unwaited for") {
  const auto me = process_info(::getpid());
  REQUIRE(me);
  CHECK(is_alive(me->pid, me->start_ticks));
  CHECK_FALSE(is_alive(me->pid, me->start_ticks + 1));
  CHECK_FALSE(is_alive(0x3FFFFFFF, me->start_ticks));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(wait_until([&] { return process_info(child)->state == 'Z'; }));
  CHECK_FALSE(is_alive(child, process_info(child)->start_ticks));
  CHECK(::waitpid(child, nullptr, 0) == child);
}

TEST_CASE("the listener of a port is found with its process") {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::uint16_t port = acceptor.local_endpoint().port();
  const auto found = listeners_on({port});
  REQUIRE(found.size() == 1);
  CHECK(found[0].address == "127.0.0.1");
  CHECK(found[0].pid == ::getpid());
  CHECK(found[0].program == "integration_bas");
  ::prctl(PR_SET_NAME, "MainThread");  // as Node does
  const auto renamed = listeners_on({port});
  ::prctl(PR_SET_NAME, "integration_bas");
  REQUIRE(renamed.size() == 1);
  CHECK(renamed[0].program == "integration_base");
  acceptor.close();
  CHECK(listeners_on({port}).empty());
}

TEST_CASE("disk and memory have sizes") {
  const auto disk = disk_space("/");
  REQUIRE(disk);
  CHECK(disk->total > disk->available);
  CHECK(disk_space("/no/such/folder").error().code() == Errc::not_found);
  const TempDir folder;
  const std::string df =
      output_of(folder, "df --output=pcent / | tail -n 1", {{"PATH", "/usr/bin:/bin"}});
  const auto used = 100 * (disk->total - disk->available) / disk->total;
  CHECK(used + 2 >= std::stoul(df));
  CHECK(used <= std::stoul(df) + 2);
  const MemoryInfo memory = system_memory();
  CHECK(memory.total > memory.available);
  CHECK(memory.available > 0);
}

TEST_CASE("an island answers on the loop") {
  Loop loop;
  Island island(loop, "test");
  int answer = 0;
  CHECK(loop.run_until_done(island_answer(island, answer)));
  CHECK(answer == 42);
  answer = 0;
  CHECK(loop.run_until_done(island_answer(island, answer)));  // a loop that ran dry runs again
  CHECK(answer == 42);
}

TEST_CASE("a log file gets one line an entry, with fields, redacted") {
  const TempDir folder;
  auto redactor = std::make_shared<Redactor>();
  redactor->add("TOKEN", Secret("s3cret-value"));
  LogOptions options;
  options.path = (folder / "log").string();
  const Log log = *Log::open(options, redactor);
  log.debug("not shown");
  log.with("service", "redis")
      .info("ready", {{"took_ms", 12}, {"note", "two words s3cret-value\n"}});
  const std::string line = *read_file(folder / "log");
  CHECK(line.substr(24) == " info  ready service=redis took_ms=12 note=\"two words [TOKEN]\\n\"\n");
  CHECK(parse_utc(line.substr(0, 24)));
  LogOptions beneath_a_file;
  beneath_a_file.path = (folder / "log" / "x").string();
  CHECK(Log::open(beneath_a_file).error().code() == Errc::unavailable);
}
