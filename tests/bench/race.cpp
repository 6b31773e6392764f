// Supervisors side by side, by the same service (supervised.cpp) and the same clock:
//
//   race TOOL COUNT FOLDER BIN PEERS
//   → "TOOL COUNT METRIC VALUE" lines: up, down, crash (ms), pss (KiB), cpu (% of a core), switches
//     (a second), status (ms)
//
// "up" is from just before the tool is started to the last of COUNT stamps, so no tool reports on
// itself; "down" until every service and the supervisor are gone, as their pidfds say; "crash" from
// a KILL to the stamp of the successor, of a service that has run for a second. Memory is that of
// all processes of the tool, without the services, after some seconds in which nothing happened.
// "limit" is this program itself: clone and exec by core/base/spawn, each service in a cgroup of
// its own with a pidfd, then cgroup.kill and rmdir; "bare" is posix_spawn alone.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include "core/base/proc.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"

namespace exai {
namespace {

using Nanoseconds = std::int64_t;
constexpr Duration kLongest = 60s;

Nanoseconds now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

double milliseconds(Nanoseconds time) { return static_cast<double>(time) / 1e6; }

struct Stamp {
  Nanoseconds time = 0;
  std::int64_t pid = 0;
};

struct Race {
  std::string tool;
  std::size_t count = 0;
  Path folder;
  Path bin;
  Path peers;

  Path service() const { return bin / "supervised"; }
  Path stamps_file() const { return folder / "stamps"; }
  Environment environment() const {
    return {{"PATH", bin.string() + ":/usr/sbin:/usr/bin:/sbin:/bin"},
            {"HOME", folder.string()},
            {"BENCH_STAMPS", stamps_file().string()},
            {"EXAI_STATE_DIR", (folder / "state").string()},
            {"PM2_HOME", (folder / "pm2").string()}};
  }
  void say(std::string_view metric, double value) const {
    fmt::print("{} {} {} {:.3f}\n", tool, count, metric, value);
    std::fflush(stdout);
  }
};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "race: {}\n", why);
  std::exit(1);
}

void write(const Path& path, std::string_view text, mode_t mode = 0644) {
  std::filesystem::create_directories(path.parent_path());
  if (const auto done = replace_file(path, text, mode); !done) give_up(done.error().message());
}

std::vector<Stamp> stamps(const Race& race) {
  const auto bytes = read_file(race.stamps_file());
  std::vector<Stamp> result(bytes ? bytes->size() / sizeof(Stamp) : 0);
  if (bytes) std::memcpy(result.data(), bytes->data(), result.size() * sizeof(Stamp));
  return result;
}

// Looks at the size alone: the machine has other things to do than this.
void wait_for_stamps(const Race& race, std::size_t wanted) {
  const Nanoseconds start = now();
  std::error_code error;
  while (std::filesystem::file_size(race.stamps_file(), error) < wanted * sizeof(Stamp) || error) {
    if (now() - start > std::chrono::nanoseconds(kLongest).count())
      give_up(fmt::format("{}: {} of {} services began", race.tool, stamps(race).size(), wanted));
    ::usleep(2000);
  }
}

Spawned start(const Race& race, std::vector<std::string> command) {
  SpawnSpec spec;
  spec.environment = race.environment();
  const auto program = find_program(command.front(), spec.environment["PATH"]);
  if (!program) give_up("there is no " + command.front());
  command.front() = program->string();
  spec.command = std::move(command);
  spec.working_directory = race.folder;
  const auto log = open_file(race.folder / "tool.log", O_WRONLY | O_CREAT | O_APPEND);
  spec.stdout_fd = log->get();
  auto spawned = spawn(spec);
  if (!spawned) give_up(spawned.error().message());
  return std::move(*spawned);
}

void finish(const Spawned& process) { ::waitpid(process.pid, nullptr, 0); }

void run(const Race& race, std::vector<std::string> command) {
  finish(start(race, std::move(command)));
}

// --- the tools ---

struct Tool {
  std::string name;
  std::function<void(const Race&)> prepare;
  std::vector<std::string> up;
  bool foreground = false;  // `up` is the supervisor itself
  std::string pid_file;     // else it is in here
  std::function<void(const Race&, pid_t)> down;
  std::vector<std::string> status;
};

std::string numbered(std::size_t number) { return fmt::format("s{}", number); }

void prepare_exai(const Race& race, const std::string& checks = {}) {
  std::string file = "[stack]\nname = \"race\"\ntimezone = \"UTC\"\n[environments.dev]\nlayers = []\n";
  for (std::size_t i = 0; i < race.count; ++i)
    file += fmt::format(
        "[services.{}]\nprocess = [\"{}\"]\nenv = {{ BENCH_STAMPS = \"{}\" }}\n"
        "restart = {{ backoff = \"0ms..0ms\", give_up = \"100 in 1s\" }}\n{}",
        numbered(i), race.service().string(), race.stamps_file().string(), checks);
  write(race.folder / "exai.toml", file);
}

void prepare_supervisord(const Race& race) {
  const std::string folder = race.folder.string();
  std::string file = fmt::format(
      "[unix_http_server]\nfile={0}/sock\n[supervisord]\nlogfile={0}/supervisord.log\n"
      "pidfile={0}/supervisord.pid\nchildlogdir={0}\n[rpcinterface:supervisor]\n"
      "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
      "[supervisorctl]\nserverurl=unix://{0}/sock\n",
      folder);
  for (std::size_t i = 0; i < race.count; ++i)
    file += fmt::format("[program:{}]\ncommand={}\nstartsecs=0\n", numbered(i),
                        race.service().string());
  write(race.folder / "supervisord.conf", file);
}

// A folder for each service, whose `run` is the service itself: no shell in between.
void prepare_folders(const Race& race) {
  for (std::size_t i = 0; i < race.count; ++i) {
    std::filesystem::create_directories(race.folder / "scan" / numbered(i));
    std::filesystem::create_symlink(race.service(), race.folder / "scan" / numbered(i) / "run");
  }
}

void prepare_pm2(const Race& race) {
  std::string file = "{\"apps\":[";
  for (std::size_t i = 0; i < race.count; ++i)
    file += fmt::format("{}{{\"name\":\"{}\",\"script\":\"{}\",\"interpreter\":\"none\"}}",
                        i == 0 ? "" : ",", numbered(i), race.service().string());
  write(race.folder / "pm2.json", file + "]}");
}

auto by_command(std::vector<std::string> command) {
  return [command = std::move(command)](const Race& race, pid_t) { run(race, command); };
}

std::vector<Tool> tools(const Race& race) {
  const std::string pm2 = (race.peers / "node_modules/.bin/pm2").string();
  std::vector<std::string> each_svstat{"sh", "-c", "for s in scan/*; do s6-svstat $s; done"};
  return {
      {"exai", [](const Race& r) { prepare_exai(r); }, {"exai", "up"}, false,
       "state/run/supervisor.lock", by_command({"exai", "down"}), {"exai", "status"}},
      {"supervisord", prepare_supervisord, {"supervisord", "-c", "supervisord.conf"}, false,
       "supervisord.pid", by_command({"supervisorctl", "-c", "supervisord.conf", "shutdown"}),
       {"supervisorctl", "-c", "supervisord.conf", "status"}},
      {"s6", prepare_folders, {"s6-svscan", "-c", "2000", "scan"}, true, "",
       by_command({"s6-svscanctl", "-t", "scan"}), each_svstat},
      {"runit", prepare_folders, {"runsvdir", "scan"}, true, "",
       [](const Race&, pid_t pid) { ::kill(pid, SIGHUP); },
       {"sh", "-c", "sv status scan/*"}},
      {"pm2", prepare_pm2, {pm2, "start", "pm2.json"}, false, "pm2/pm2.pid",
       by_command({pm2, "kill"}), {pm2, "ls"}},
  };
}

// --- measuring ---

std::vector<pid_t> pids_of(const std::vector<Stamp>& all) {
  std::vector<pid_t> pids;
  for (const Stamp& stamp : all) pids.push_back(static_cast<pid_t>(stamp.pid));
  return pids;
}

std::vector<Fd> watch(const std::vector<pid_t>& pids) {
  std::vector<Fd> watched;
  for (const pid_t pid : pids)
    watched.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return watched;
}

void wait_for_ends(const std::vector<Fd>& watched) {
  for (const Fd& one : watched) {
    pollfd end{one.get(), POLLIN, 0};
    if (one && ::poll(&end, 1, static_cast<int>(kLongest.count())) != 1)
      give_up("a service does not end");
  }
}

// The supervisor and what descends from it, without the services.
std::vector<pid_t> own_processes(pid_t supervisor, const std::vector<pid_t>& services) {
  const std::set<pid_t> ours(services.begin(), services.end());
  std::vector<pid_t> own{supervisor};
  const auto all = all_processes();
  for (std::size_t i = 0; i < own.size(); ++i)
    for (const ProcessInfo& info : all)
      if (info.parent == own[i] && !ours.contains(info.pid)) own.push_back(info.pid);
  return own;
}

double sum_of(const std::vector<pid_t>& pids, const char* file, std::string_view key) {
  double sum = 0;
  for (const pid_t pid : pids) {
    const auto text = read_file(fmt::format("/proc/{}/{}", pid, file));
    const std::size_t at = text ? text->find(key) : std::string::npos;
    if (at == std::string::npos) continue;
    std::string_view rest = trim(std::string_view(*text).substr(at + key.size()));
    rest = rest.substr(0, rest.find_first_not_of("0123456789"));
    sum += static_cast<double>(parse_integer(rest).value_or(0));
  }
  return sum;
}

double cpu_of(const std::vector<pid_t>& pids) {
  double sum = 0;
  for (const pid_t pid : pids)
    if (const auto info = process_info(pid)) sum += static_cast<double>(info->cpu_time.count());
  return sum;
}

void measure_idle(const Race& race, const std::vector<pid_t>& own) {
  constexpr auto kSpan = 3s;
  ::sleep(1);  // what the start has left to do
  const auto switches = [&] { return sum_of(own, "status", "\nvoluntary_ctxt_switches:"); };
  const double cpu = cpu_of(own);
  const double before = switches();
  ::sleep(static_cast<unsigned>(kSpan.count()));
  race.say("switches", (switches() - before) / static_cast<double>(kSpan.count()));
  race.say("cpu", (cpu_of(own) - cpu) / 10 / static_cast<double>(kSpan.count()));
}

void measure_crash(const Race& race) {
  std::vector<double> times;
  for (int i = 0; i < 5; ++i) {
    ::usleep(1'100'000);  // some hold back what ended within a second
    const std::vector<Stamp> before = stamps(race);
    const Nanoseconds killed = now();
    ::kill(static_cast<pid_t>(before.back().pid), SIGKILL);
    wait_for_stamps(race, before.size() + 1);
    times.push_back(milliseconds(stamps(race).back().time - killed));
  }
  std::sort(times.begin(), times.end());
  race.say("crash", times[times.size() / 2]);
}

pid_t supervisor_of(const Race& race, const Tool& tool, const Spawned& started) {
  if (tool.foreground) return started.pid;
  const auto text = read_file(race.folder / tool.pid_file);
  const auto pid = text ? parse_integer(trim(*text)) : std::nullopt;
  if (!pid) give_up(tool.name + " has no pid file");
  return static_cast<pid_t>(*pid);
}

void measure(const Race& race, const Tool& tool, const std::set<std::string>& what) {
  tool.prepare(race);
  const Nanoseconds begin = now();
  const Spawned started = start(race, tool.up);
  wait_for_stamps(race, race.count);
  std::vector<Stamp> all = stamps(race);
  const auto last = std::max_element(all.begin(), all.end(), [](const Stamp& a, const Stamp& b) {
    return a.time < b.time;
  });
  race.say("up", milliseconds(last->time - begin));
  if (!tool.foreground) finish(started);
  const pid_t supervisor = supervisor_of(race, tool, started);
  if (what.contains("idle")) {
    const auto own = own_processes(supervisor, pids_of(all));
    measure_idle(race, own);
    race.say("pss", sum_of(own, "smaps_rollup", "\nPss:"));
  }
  if (what.contains("status")) {
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) {
      const Nanoseconds asked = now();
      run(race, tool.status);
      times.push_back(milliseconds(now() - asked));
    }
    std::sort(times.begin(), times.end());
    race.say("status", times[2]);
  }
  if (what.contains("crash")) measure_crash(race);
  all = stamps(race);
  std::vector<pid_t> gone = pids_of(all);
  gone.push_back(supervisor);
  const std::vector<Fd> ends = watch(gone);
  const Nanoseconds asked = now();
  tool.down(race, supervisor);
  if (tool.foreground) finish(started);
  wait_for_ends(ends);
  race.say("down", milliseconds(now() - asked));
}

// --- the limits ---

void measure_bare(const Race& race) {
  const std::string stamp = "BENCH_STAMPS=" + race.stamps_file().string();
  std::string program = race.service().string();
  char* arguments[] = {program.data(), nullptr};
  std::string variable = stamp;
  char* variables[] = {variable.data(), nullptr};
  const Nanoseconds begin = now();
  std::vector<pid_t> pids(race.count);
  for (pid_t& pid : pids)
    ::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, variables);
  wait_for_stamps(race, race.count);
  Nanoseconds last = 0;
  for (const Stamp& one : stamps(race)) last = std::max(last, one.time);
  race.say("up", milliseconds(last - begin));
  const Nanoseconds asked = now();
  for (const pid_t pid : pids) ::kill(pid, SIGTERM);
  for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);
  race.say("down", milliseconds(now() - asked));
}

void measure_limit(const Race& race, const Path& cgroups) {
  SpawnSpec spec;
  spec.command = {race.service().string()};
  spec.environment = race.environment();
  std::filesystem::create_directory(cgroups);
  const Nanoseconds begin = now();
  std::vector<Spawned> all;
  for (std::size_t i = 0; i < race.count; ++i) {
    const Path folder = cgroups / numbered(i);
    ::mkdir(folder.c_str(), 0755);
    const auto cgroup = open_file(folder, O_RDONLY | O_DIRECTORY);
    auto spawned = cgroup ? spawn_into(*cgroup, spec) : spawn(spec);
    if (!spawned) give_up(spawned.error().message());
    all.push_back(std::move(*spawned));
  }
  wait_for_stamps(race, race.count);
  Nanoseconds last = 0;
  for (const Stamp& one : stamps(race)) last = std::max(last, one.time);
  race.say("up", milliseconds(last - begin));
  const Nanoseconds asked = now();
  for (std::size_t i = 0; i < race.count; ++i) {
    const auto file = open_file(cgroups / numbered(i) / "cgroup.kill", O_WRONLY);
    if (!file || ::write(file->get(), "1", 1) != 1) ::kill(all[i].pid, SIGKILL);
  }
  for (const Spawned& one : all) ::waitpid(one.pid, nullptr, 0);
  for (std::size_t i = 0; i < race.count; ++i) ::rmdir((cgroups / numbered(i)).c_str());
  ::rmdir(cgroups.c_str());
  race.say("down", milliseconds(now() - asked));
}

int race(int argc, char** argv) {
  if (argc < 6) give_up("race TOOL COUNT FOLDER BIN PEERS [idle|status|crash|checks|CGROUPS…]");
  Race one{argv[1], static_cast<std::size_t>(parse_integer(argv[2]).value_or(1)), argv[3], argv[4],
           argv[5]};
  const std::set<std::string> what(argv + 6, argv + argc);
  std::filesystem::create_directories(one.folder);
  if (one.tool == "bare") return measure_bare(one), 0;
  if (one.tool == "limit") return measure_limit(one, argc > 6 ? argv[6] : "/nowhere"), 0;
  for (Tool& tool : tools(one)) {
    if (tool.name != one.tool) continue;
    if (what.contains("checks")) {
      one.tool = "exai+checks";
      tool.prepare = [](const Race& r) {
        prepare_exai(r, "healthy = { command = [\"true\"], every = \"1s\" }\n");
      };
    }
    return measure(one, tool, what), 0;
  }
  give_up("no tool " + one.tool);
}

}  // namespace
}  // namespace exai

int main(int argc, char** argv) { return exai::race(argc, argv); }
