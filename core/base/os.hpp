#pragma once
// The operating system's files, folders, environment and random numbers. errno stays in here, EINTR
// is retried in here (never on close), and every descriptor is made close-on-exec.
// Thread: any, except set_process_* (before threads start).

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"

namespace exai {

using Path = std::filesystem::path;
using Environment = std::map<std::string, std::string, std::less<>>;

// An open file descriptor: owned, moved, closed once. -1 is empty.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// The environment of this process; the only reader of it.
Environment current_environment();

// Nothing for a name that is not set.
std::string value_or_empty(const Environment& environment, std::string_view name);

// Errors: not_found, denied, invalid (a folder, or more than `limit` bytes).
Result<std::string> read_file(const Path& path, std::size_t limit = 64U << 20U);
// A file for us alone. Errors: also denied, when it is a link, another user's, or open to others,
// with what to type.
Result<Secret> read_private_file(const Path& path, std::size_t limit = 1U << 20U);
// Whole or not at all: a temporary file beside it, fsync, rename. The old content survives a crash.
Result<> write_file_atomic(const Path& path, std::string_view bytes, mode_t mode = 0644);
// Whole or not at all, too, but only as far as this machine goes on running: no fsync.
Result<> replace_file(const Path& path, std::string_view bytes, mode_t mode = 0644);
Result<> remove_file(const Path& path);  // absent is fine
// Creates the folder (and its parents) for us alone: 0700. Errors: denied, when somebody else owns
// it or it is open to others.
Result<> make_private_directory(const Path& path);
Result<> check_private_directory(const Path& path);  // the same without making it
Result<> make_fifo(const Path& path);  // 0600; an existing fifo is fine
Result<Fd> open_file(const Path& path, int flags, mode_t mode = 0600);  // adds O_CLOEXEC
Error os_error(std::string_view doing, const Path& path);               // what errno says of a file
bool is_file(const Path& path);  // a regular one, or a link to one
bool is_executable(const Path& path);

// A file in memory with these bytes, which nobody can change, at a number that leaves those below
// 100 to SpawnSpec::inherited. `name` is for people who look into /proc.
Result<Fd> sealed_memory(const std::string& name, std::string_view bytes);

// An exclusive lock on a file, held until destroyed; the kernel releases it when we die.
// The file itself stays and holds the pid for people. Of a holder that is dead, the lock is waited
// for: what it was about to start has it for a moment. Errors: conflict, with the holder's pid.
class LockFile {
 public:
  static Result<LockFile> acquire(const Path& path);
  // A lock that was taken before this program was started in place of another one. Errors: invalid,
  // when it is not that of the file.
  static Result<LockFile> inherit(Fd fd, const Path& path);

  int fd() const { return fd_.get(); }

 private:
  explicit LockFile(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

Path executable_path();  // of this program
// The program that a command line names, as execvp would find it; a name with a slash is itself.
std::optional<Path> find_program(std::string_view name, std::string_view search_path);

std::string random_hex(std::size_t bytes);  // from getrandom
std::string random_token(std::size_t characters);  // [A-Za-z0-9], for passwords and session ids

// Asks at the terminal of this process, without showing what is typed. Errors: unavailable, without
// a terminal; cancelled, by Ctrl-C or the end of input.
Result<Secret> ask_secret(std::string_view question);

bool is_terminal(int fd);
// Columns of the terminal behind `fd`; 80 when it is none.
int terminal_width(int fd);

// The zone in which this process shows times to people (format_local): "Australia/Melbourne".
// Before threads start.
void set_timezone(const std::string& zone);

// Descriptors: as many as the hard limit allows, for a program that watches many others. Gives the
// limit as it was, which is what its children should have.
struct DescriptorLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};
DescriptorLimit raise_descriptor_limit();

// For a program that stays small after a large start: what was allocated and freed goes back to the
// kernel, and code that ran once is out of memory until it is wanted again.
void release_startup_memory();

void ignore_sigpipe();
// No core dump, no ptrace by others of our user: for programs that hold secrets.
void forbid_memory_dumps();

}  // namespace exai
