// How long a command takes and how much memory it needs, as the kernel accounts for it:
//
//   measure RUNS COMMAND ARGUMENT…
//   → wall median ms, wall least ms, CPU median ms, peak MiB, exit code of the last run
//
// Its output is thrown away. One run more comes first and does not count. This program is linked
// statically: a child's peak begins with that of its parent, so the parent must be small.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct Run {
  double wall = 0;  // ms
  double cpu = 0;   // ms
  double peak = 0;  // MiB
  int exit = 0;
};

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

Run run(char** command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (posix_spawnp(&child, command[0], &actions, nullptr, command, environ) != 0) {
    std::perror(command[0]);
    std::exit(127);
  }
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
  posix_spawn_file_actions_destroy(&actions);
  return {wall.count(), milliseconds(used.ru_utime) + milliseconds(used.ru_stime),
          static_cast<double>(used.ru_maxrss) / 1024,
          WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
}

double median(std::vector<Run>& runs, double Run::*value) {
  std::sort(runs.begin(), runs.end(),
            [value](const Run& a, const Run& b) { return a.*value < b.*value; });
  return runs[runs.size() / 2].*value;
}

}  // namespace

int main(int count, char** words) {
  const int wanted = count > 2 ? std::atoi(words[1]) : 0;
  if (wanted < 1) {
    std::fprintf(stderr, "usage: measure RUNS COMMAND ARGUMENT…\n");
    return 2;
  }
  run(words + 2);
  std::vector<Run> runs;
  for (int i = 0; i < wanted; ++i) runs.push_back(run(words + 2));
  const int exit = runs.back().exit;
  const double cpu = median(runs, &Run::cpu);
  const double peak = median(runs, &Run::peak);
  const double wall = median(runs, &Run::wall);
  std::printf("%.1f %.1f %.1f %.1f %d\n", wall, runs.front().wall, cpu, peak, exit);
}
