// transcript --bin FOLDER [--update] FILE…: runs transcripts against the built programs.
//
// Each scenario gets a fresh folder with a copy of configs/ in it, a state folder, and free ports
// in the variables that the shipped stack reads. This program is the subreaper of all that a
// scenario starts: what still runs at the end is found, named, killed, and fails the scenario.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <set>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "tests/e2e/transcript.hpp"
#include "tests/support/support.hpp"

namespace exai::e2e {
namespace {

constexpr Duration kCommandLimit = 90s;
constexpr std::size_t kLogLines = 15;  // shown of each log when a scenario fails
constexpr Duration kLeaveLimit = 2s;   // to be gone after the last command

struct Options {
  Path bin;
  bool update = false;
  std::vector<Path> files;
};

// One scenario's folder, variables and captured values.
struct Scene {
  test::TempDir top;
  Path work = top / "work";
  Path state = top / "state";
  Values values;
  Environment environment;
};

std::optional<std::string> make_port(std::string_view name) {
  if (!name.starts_with("port:")) return std::nullopt;
  return std::to_string(test::free_port());
}

void prepare(Scene& scene, const Path& bin) {
  const Path repo = EXAI_SOURCE_DIR;
  std::filesystem::create_directories(scene.work);
  std::filesystem::create_directories(scene.top / "home");
  if (std::filesystem::exists(repo / "configs"))
    std::filesystem::copy(repo / "configs", scene.work / "configs",
                          std::filesystem::copy_options::recursive);
  scene.values = {{"dir", scene.work.string()},
                  {"state", scene.state.string()},
                  {"repo", repo.string()},
                  {"bin", bin.string()}};
  const auto port = [&](std::string_view name) {
    return expand("{{port:" + std::string(name) + "}}", scene.values, make_port);
  };
  const std::string path = current_environment()["PATH"];
  scene.environment = {
      {"PATH", bin.string() + ":" + (repo / "tests/e2e/bin").string() + ":" + path},
      {"HOME", (scene.top / "home").string()},
      {"LANG", "C.UTF-8"},
      {"REPO", repo.string()},
      {"TRANSCRIPT_PID", std::to_string(::getpid())},
      {"EXAI_STATE_DIR", scene.state.string()},
      {"EXAI_WS_PORT", port("mcp")},
      {"HEALTH_CHECK_PORT", port("health")},
      {"METRICS_PORT", port("metrics")},
      {"REDIS_PORT", port("redis")},
  };
}

// Reaps whatever has ended. The exit status of `pid` when it was among them: 128 + signal if
// killed.
std::optional<int> reap(pid_t pid) {
  std::optional<int> status;
  siginfo_t info{};
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
    if (info.si_pid == pid)
      status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    info.si_pid = 0;
  }
  return status;
}

// Descendants of this program, by the parents of all processes.
std::vector<ProcessInfo> descendants() {
  std::set<pid_t> family = {::getpid()};
  std::vector<ProcessInfo> found;
  const auto all = all_processes();
  for (bool grew = true; grew;) {
    grew = false;
    for (const ProcessInfo& process : all)
      if (process.state != 'Z' && family.contains(process.parent) &&
          family.insert(process.pid).second) {
        found.push_back(process);
        grew = true;
      }
  }
  return found;
}

// Ends what is left; its lines for the report.
std::string sweep() {
  const auto none_left = [] {
    reap(-1);
    return descendants().empty();
  };
  if (test::wait_until(none_left, kLeaveLimit)) return {};
  std::string report;
  for (const ProcessInfo& process : descendants()) {
    report +=
        "left behind: " + std::to_string(process.pid) + " " + command_line(process.pid) + "\n";
    ::kill(process.pid, SIGKILL);
  }
  test::wait_until(none_left, kLeaveLimit);
  return report;
}

// What the command printed, with a line for its exit status when that is not 0.
Lines run_command(const std::string& command, const Scene& scene) {
  const Path output = scene.top / "output";
  std::filesystem::remove(output);
  auto sink = open_file(output, O_WRONLY | O_CREAT | O_APPEND);
  SpawnSpec spec;
  spec.command = {"/bin/bash", "-c", "set -o pipefail\n" + command};
  spec.environment = scene.environment;
  spec.working_directory = scene.work;
  spec.stdout_fd = sink ? sink->get() : -1;
  const auto child = spawn(spec);
  if (!child) return {child.error().message()};

  std::optional<int> status;
  const bool ended = test::wait_until(
      [&] {
        status = reap(child->pid);
        return status.has_value();
      },
      kCommandLimit);
  if (!ended) ::kill(-child->pid, SIGKILL);
  Lines lines = split_lines(read_file(output).value_or(""));
  if (!ended) lines.push_back("[no end within " + format_duration(kCommandLimit) + "]");
  if (status.value_or(0) != 0) lines.push_back("[exit " + std::to_string(*status) + "]");
  return lines;
}

void print_lines(std::string_view title, const Lines& lines) {
  std::printf("  %s\n", std::string(title).c_str());
  for (const std::string& line : lines) std::printf("    %s\n", line.c_str());
}

// The last lines of every log of the stack.
void print_logs(const Scene& scene) {
  if (!std::filesystem::exists(scene.state / "logs")) return;
  for (const auto& entry : std::filesystem::directory_iterator(scene.state / "logs")) {
    Lines lines = split_lines(read_file(entry.path()).value_or(""));
    if (lines.size() > kLogLines)
      lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kLogLines));
    print_lines(entry.path().filename().string() + ":", lines);
  }
}

// Runs the steps; in update mode a step's expectation becomes what it printed.
bool run_steps(Transcript& transcript, Scene& scene, const Path& file, bool update) {
  for (Step& step : transcript.steps) {
    const std::string command = expand(step.command, scene.values, make_port);
    const Lines actual = run_command(command, scene);
    if (matches(step.expected, actual, scene.values)) continue;
    if (update) {
      step.expected = with_holes(actual, scene.values);
      continue;
    }
    std::printf("%s:%zu: $ %s\n", file.c_str(), step.line, command.c_str());
    print_lines("expected:", step.expected);
    print_lines("got:", with_holes(actual, scene.values));
    print_logs(scene);
    return false;
  }
  return true;
}

bool run_file(const Path& file, const Options& options) {
  const auto text = read_file(file);
  if (!text) {
    std::printf("%s\n", text.error().message().c_str());
    return false;
  }
  Transcript transcript = parse(*text);
  Scene scene;
  prepare(scene, options.bin);
  const bool as_expected = run_steps(transcript, scene, file, options.update);
  if (options.update) (void)write_file_atomic(file, render(transcript));
  if (!as_expected) run_command("exai down", scene);
  const std::string left = sweep();
  std::fputs(left.c_str(), stdout);
  return as_expected && left.empty();
}

std::optional<Options> options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--bin" && i + 1 < argc)
      options.bin = std::filesystem::canonical(argv[++i]);
    else if (word == "--update")
      options.update = true;
    else if (word.starts_with("--"))
      return std::nullopt;
    else
      options.files.emplace_back(word);
  }
  if (options.bin.empty() || options.files.empty()) return std::nullopt;
  return options;
}

int main_of(int argc, char** argv) {
  const auto options = options_of(argc, argv);
  if (!options) {
    std::fputs("usage: transcript --bin FOLDER [--update] FILE…\n", stderr);
    return 2;
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  int passed = 0;
  int failed = 0;
  for (const Path& file : options->files) {
    const Time start = std::chrono::steady_clock::now();
    const bool ok = run_file(file, *options);
    const auto took =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
    std::printf("%-6s %s (%s)\n", ok ? "ok" : "FAILED", file.stem().c_str(),
                format_duration(took).c_str());
    std::fflush(stdout);
    ++(ok ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace exai::e2e

int main(int argc, char** argv) {
  try {
    return exai::e2e::main_of(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "transcript: %s\n", failure.what());
    return 1;
  }
}
