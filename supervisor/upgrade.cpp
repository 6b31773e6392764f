#include "supervisor/upgrade.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/spawn.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

constexpr std::string_view kHandover = "EXAI_HANDOVER";
constexpr Duration kCheckLimit = 30s;  // a stack's secrets may take a while

// A descriptor that was left open for us, and is from now on closed in what we start.
Fd inherited(std::string_view number) {
  const auto fd = parse_integer(number);
  if (!fd || *fd < 3 || ::fcntl(static_cast<int>(*fd), F_SETFD, FD_CLOEXEC) != 0) return {};
  return Fd(static_cast<int>(*fd));
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::optional<Inheritance> take_inheritance(Environment& environment, const Workspace& workspace) {
  const auto found = environment.find(kHandover);
  if (found == environment.end()) return std::nullopt;
  const std::vector<std::string> numbers = split(found->second, ',');
  environment.erase(found);
  if (numbers.size() != 2) return std::nullopt;
  Fd lock = inherited(numbers[0]);
  Fd socket = inherited(numbers[1]);
  if (!lock || !socket) return std::nullopt;
  auto taken = LockFile::inherit(std::move(lock), workspace.lock());
  if (!taken) return std::nullopt;
  return Inheritance{std::move(*taken), std::move(socket)};
}

Result<std::string> check_program(const Path& program, const Workspace& workspace,
                                  const Environment& environment) {
  SpawnSpec spec;
  spec.command = {program.string(), "--check", "--file", workspace.stack_file.string()};
  spec.environment = environment;
  spec.environment["EXAI_STATE_DIR"] = workspace.state.string();
  const auto checked = run_tool(std::move(spec), kCheckLimit);
  if (!checked) return fail(checked.error().within("trying " + program.string()));
  const std::string said(trim(checked->out));
  if (!checked->status.success())
    return fail(Errc::invalid, "{} does not start: {}{}{}", program.string(),
                describe(checked->status), said.empty() ? "" : ": ", said);
  constexpr std::string_view kName = "exai-supervisor ";
  if (!said.starts_with(kName))
    return fail(Errc::invalid, "{} is no exai-supervisor: it says {}", program.string(),
                printable(said.substr(0, 200)));
  return said.substr(kName.size());
}

Error replace_program(const Path& program, const Path& own,
                      const std::vector<std::string>& arguments, const Environment& environment,
                      const LockFile& lock, const Fd& socket) {
  for (const int fd : {lock.fd(), socket.get()}) ::fcntl(fd, F_SETFD, 0);
  sigset_t none;  // what is blocked stays blocked in the next program
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  std::vector<std::string> words = arguments;
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  variables.push_back(fmt::format("{}={},{}", kHandover, lock.fd(), socket.get()));
  words.at(0) = program.string();
  const auto argv = pointers_to(words);
  const auto envp = pointers_to(variables);
  ::execve(program.c_str(), argv.data(), envp.data());
  const Error error = errno_error(errno, "starting " + program.string());
  ::execve(own.c_str(), argv.data(), envp.data());
  return error;
}

}  // namespace exai
