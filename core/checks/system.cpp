#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/base/proc.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "core/checks/proofs.hpp"

namespace exai::checks {

Task<Proof> prove_process(Attempt& attempt, config::Check) {
  const pid_t pid = attempt.subject.pid;
  if (pid <= 0) co_return fail(Errc::not_found, "there is no process");
  const auto process = process_info(pid);
  if (!process || process->state == 'Z' || process->state == 'X')
    co_return fail(Errc::not_found, "process {} has ended", pid);
  co_return fmt::format("process {} is alive", pid);
}

// These two are told by the service, to the supervisor alone, and cannot be asked for.
Task<Proof> prove_log(Attempt&, config::Check) {
  co_return fail(Errc::unavailable, "only its supervisor reads its output: see exai status");
}

Task<Proof> prove_notify(Attempt&, config::Check) {
  co_return fail(Errc::unavailable, "only its supervisor hears what it says: see exai status");
}

namespace {

constexpr std::size_t kTail = 4096;   // of the output: enough for its last line
constexpr Duration kLastBreath = 1s;  // from SIGKILL to the end of a process

Environment environment_of(const Subject& subject) {
  return {subject.environment.begin(), subject.environment.end()};
}

// A relative path starts where the command will run. Errors: not_found, with words for an operator.
Result<Path> program_of(const std::string& name, const Subject& subject) {
  const auto given = subject.environment.find("PATH");
  const std::string path =
      given == subject.environment.end() ? "/usr/local/bin:/usr/bin:/bin" : given->second;
  const bool has_folder = name.find('/') != std::string::npos;
  const auto program =
      find_program(has_folder ? (Path(subject.working_directory) / name).string() : name, path);
  if (!program) return fail(Errc::not_found, "there is no program {} in {}", name, path);
  return *program;
}

// A command under way, its output read so that it never has to wait for a reader. However this
// ends, the command's whole group ends with it.
class Command {
 public:
  static Result<std::unique_ptr<Command>> start(Loop& loop, const std::vector<std::string>& words,
                                                const Subject& subject);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() { kill_group(); }

  const Fd& pidfd() const { return process_.pidfd; }
  // Until cancelled.
  Task<> read();
  // After its end: first what it left behind in its group, then itself, so that the group's number
  // is no stranger's when it is signalled.
  ExitStatus reap();
  void kill_group() {
    if (process_.pid > 0) ::kill(-process_.pid, SIGKILL);
  }
  std::string last_line();

 private:
  Command(Loop& loop, Spawned process, Fd output)
      : process_(std::move(process)), output_(loop.executor(), output.release()) {}
  void keep(std::size_t count);

  Spawned process_;
  Descriptor output_;
  std::array<char, kTail> buffer_{};
  std::string tail_;
};

Result<std::unique_ptr<Command>> Command::start(Loop& loop, const std::vector<std::string>& words,
                                                const Subject& subject) {
  TRY(program, program_of(words.front(), subject));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(errno_error(errno, "making a pipe"));
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  SpawnSpec spec;
  spec.command = words;
  spec.command.front() = program.string();
  spec.environment = environment_of(subject);
  spec.working_directory = subject.working_directory;
  spec.stdout_fd = theirs.get();
  auto cgroup = open_file(subject.cgroup, O_RDONLY | O_DIRECTORY);
  TRY(process, cgroup ? spawn_into(*cgroup, spec) : spawn(spec));
  return std::unique_ptr<Command>(new Command(loop, std::move(process), std::move(ours)));
}

void Command::keep(std::size_t count) {
  tail_.append(buffer_.data(), count);
  if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
}

Task<> Command::read() {
  const auto room = asio::buffer(buffer_);
  for (;;) {
    auto read = co_await output_.async_read_some(room, kAsTuple);
    if (std::get<0>(read)) break;
    keep(std::get<1>(read));
  }
  // It has closed its output, but it has not ended.
  Timer never(output_.get_executor(), Time::max());
  co_await never.async_wait(kAsTuple);
}

ExitStatus Command::reap() {
  kill_group();
  siginfo_t info{};
  const auto id = static_cast<id_t>(process_.pidfd.get());
  const int failed = ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG);
  process_.pid = -1;
  ExitStatus status;
  if (failed != 0 || info.si_pid == 0) return status;
  (info.si_code == CLD_EXITED ? status.code : status.signal) = info.si_status;
  status.core_dumped = info.si_code == CLD_DUMPED;
  return status;
}

std::string Command::last_line() {
  boost::system::error_code error;
  output_.non_blocking(true, error);
  // What a pipe holds, and no more: a process that left the group may go on writing for ever.
  for (int i = 0; i < 32 && !error; ++i) keep(output_.read_some(asio::buffer(buffer_), error));
  const std::string_view text = trim(tail_);
  return printable(trim(text.substr(text.rfind('\n') + 1)));
}

std::string with_line(std::string text, const std::string& line) {
  return line.empty() ? text : fmt::format("{} (last line: {})", text, line);
}

}  // namespace

Task<Proof> prove_command(Attempt& attempt, config::Check check) {
  using namespace asio::experimental::awaitable_operators;
  attempt.step = check.what.front();
  auto started = Command::start(attempt.loop, check.what, attempt.subject);
  if (!started) co_return fail(started.error());
  const std::unique_ptr<Command> command = *std::move(started);

  Task<> reading = command->read();
  Task<Result<>> ending = wait_readable(command->pidfd());
  co_await (std::move(reading) || std::move(ending));
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    command->kill_group();
    const asio::disable_cancellation not_now;
    co_await asio::this_coro::reset_cancellation_state(not_now);
    Task<Result<>> dying = wait_readable(command->pidfd());
    co_await with_timeout(attempt.clock, std::move(dying), kLastBreath);
  }
  const ExitStatus status = command->reap();
  const std::string line = command->last_line();
  attempt.step = with_line(attempt.step, line);
  const std::string end = with_line(describe(status), line);
  if (!status.success()) co_return fail(Errc::unavailable, "{}", end);
  co_return end;
}

}  // namespace exai::checks
