#include "tests/support/support.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

namespace exai::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

void must(const Result<>& result) {
  if (!result) throw std::runtime_error(result.error().message());
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

Fd tcp_socket() {
  return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

bool can_bind(std::uint16_t port) {
  const Fd socket = tcp_socket();
  const sockaddr_in address = loopback(port);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// One request, one answer of at most a few hundred bytes; empty when there is none within 1 s.
std::string ask(std::uint16_t port, std::string_view request) {
  const Fd socket = tcp_socket();
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::array<char, 512> buffer{};
  const auto received = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  return received > 0 ? std::string(buffer.data(), static_cast<std::size_t>(received))
                      : std::string();
}

SpawnSpec spec_of(const Command& command) {
  const auto path = command.environment.find("PATH");
  const std::string search = path == command.environment.end() ? "/usr/bin:/bin" : path->second;
  const auto program = find_program(command.arguments.at(0), search);
  if (!program) throw std::runtime_error("no program " + command.arguments[0] + " in " + search);
  SpawnSpec spec;
  spec.command = command.arguments;
  spec.command[0] = program->string();
  spec.environment = command.environment;
  spec.working_directory = command.directory;
  return spec;
}

}  // namespace

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "exai-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder: " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Path TempDir::write(std::string_view name, std::string_view text) const {
  const Path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  must(write_file_atomic(file, text));
  return file;
}

std::uint16_t free_port() {
  static std::set<std::uint16_t> given;
  std::random_device device;
  std::uniform_int_distribution<int> pick(20000, 29999);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(pick(device));
    if (!given.contains(port) && can_bind(port)) return *given.insert(port).first;
  }
  throw std::runtime_error("no free port");
}

bool wait_until(const std::function<bool()>& predicate, Duration deadline) {
  const Time end = std::chrono::steady_clock::now() + deadline;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return predicate();
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

Process::Process(Command command) {
  SpawnSpec spec = spec_of(command);
  const Fd in = must(open_file(files_.write("stdin", command.input), O_RDONLY));
  const Fd out = must(open_file(files_ / "stdout", O_WRONLY | O_CREAT));
  const Fd err = must(open_file(files_ / "stderr", O_WRONLY | O_CREAT));
  spec.stdin_fd = in.get();
  spec.stdout_fd = out.get();
  spec.stderr_fd = err.get();
  spawned_ = must(spawn(spec));
}

Process::~Process() {
  if (ended_) return;
  ::kill(-spawned_.pid, SIGKILL);
  wait();
}

bool Process::running() {
  return !wait(0ms);
}

void Process::signal(int number) {
  if (running()) ::kill(spawned_.pid, number);
}

std::optional<ExitStatus> Process::wait(Duration deadline) {
  if (ended_) return ended_;
  pollfd ready{.fd = spawned_.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(deadline.count())) <= 0) return std::nullopt;
  ::kill(-spawned_.pid, SIGKILL);  // what it left in its group, while its pid still is its own
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(spawned_.pidfd.get()), &info, WEXITED);
  ExitStatus status;
  (info.si_code == CLD_EXITED ? status.code : status.signal) = info.si_status;
  status.core_dumped = info.si_code == CLD_DUMPED;
  return ended_ = status;
}

std::string Process::out() const {
  return read_file(files_ / "stdout").value_or("");
}
std::string Process::err() const {
  return read_file(files_ / "stderr").value_or("");
}

Outcome run(Command command, Duration deadline) {
  Process process(std::move(command));
  const auto ended = process.wait(deadline);
  Outcome outcome;
  if (ended) outcome.exit = ended->code.value_or(128 + ended->signal.value_or(0));
  outcome.out = process.out();
  outcome.err = process.err();
  return outcome;
}

Outcome run(std::vector<std::string> arguments, Duration deadline) {
  Command command;
  command.arguments = std::move(arguments);
  return run(std::move(command), deadline);
}

RealRedis::RealRedis() : port_(free_port()), password_(random_token(24)) {
  start();
}

RealRedis::~RealRedis() = default;

pid_t RealRedis::pid() const {
  return process_ ? process_->pid() : -1;
}

void RealRedis::start() {
  Command command;
  // The password goes through stdin: arguments are for everybody to see.
  command.arguments = {"redis-server", "-"};
  command.directory = folder_.path();
  command.input = "bind 127.0.0.1\nport " + std::to_string(port_) + "\nrequirepass " + password_ +
                  "\nsave \"\"\nappendonly no\ndaemonize no\n";
  process_ = std::make_unique<Process>(std::move(command));
  if (!wait_until([this] { return answers() || !process_->running(); }) || !answers())
    throw std::runtime_error("redis-server does not answer:\n" + process_->out());
}

bool RealRedis::answers() const {
  const std::string greeting = "AUTH " + password_ + "\r\nPING\r\n";
  return ask(port_, greeting).starts_with("+OK\r\n");
}

void RealRedis::stop() {
  thaw();
  process_->signal(SIGTERM);
  if (!process_->wait()) throw std::runtime_error("redis-server does not stop");
}

void RealRedis::kill() {
  process_->signal(SIGKILL);
  process_->wait();
}

void RealRedis::freeze() {
  process_->signal(SIGSTOP);
}
void RealRedis::thaw() {
  process_->signal(SIGCONT);
}

}  // namespace exai::test
