#include "core/base/os.hpp"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "core/base/text.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace exai {

namespace {

// Repeats a system call while a signal interrupts it.
template <class Call>
auto retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

Result<> write_all(const Fd& fd, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t written = retry([&] { return ::write(fd.get(), bytes.data(), bytes.size()); });
    if (written < 0) return fail(os_error("writing", path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// A rename is only durable when the folder that holds it is.
void sync_folder(const Path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

}  // namespace

Error os_error(std::string_view doing, const Path& path) {
  return errno_error(errno, fmt::format("{} {}", doing, path.string()));
}

void Fd::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);  // never retried: on Linux the descriptor is gone even after EINTR
  fd_ = fd;
}

Environment current_environment() {
  Environment result;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::string value_or_empty(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Result<Fd> open_file(const Path& path, int flags, mode_t mode) {
  Fd fd(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
  if (!fd) return fail(os_error("opening", path));
  return fd;
}

Result<std::string> read_file(const Path& path, std::size_t limit) {
  TRY(fd, open_file(path, O_RDONLY | O_NOCTTY));
  std::string bytes;
  std::array<char, 65536> chunk;  // NOLINT: filled by read
  for (;;) {
    const ssize_t count = retry([&] { return ::read(fd.get(), chunk.data(), chunk.size()); });
    if (count < 0) return fail(os_error("reading", path));
    if (count == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    if (bytes.size() > limit)
      return fail(Errc::invalid, "reading {}: it has more than {}", path.string(),
                  format_size(limit));
  }
}

namespace {

enum class Sync { none, disk };

Result<> write_and_rename(const Path& path, std::string_view bytes, mode_t mode, Sync sync) {
  const Path temporary = path.string() + "." + random_hex(6) + ".tmp";
  TRY(fd, open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode));
  const auto give_up = [&](Error error) {
    ::unlink(temporary.c_str());
    return fail(std::move(error));
  };
  if (::fchmod(fd.get(), mode) != 0) return give_up(os_error("setting the mode of", temporary));
  if (auto written = write_all(fd, bytes, temporary); !written)
    return give_up(std::move(written).error());
  if (sync == Sync::disk && ::fsync(fd.get()) != 0)
    return give_up(os_error("syncing", temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(os_error("replacing", path));
  if (sync == Sync::disk) sync_folder(path.parent_path());
  return {};
}

}  // namespace

Result<> write_file_atomic(const Path& path, std::string_view bytes, mode_t mode) {
  return write_and_rename(path, bytes, mode, Sync::disk);
}

Result<> replace_file(const Path& path, std::string_view bytes, mode_t mode) {
  return write_and_rename(path, bytes, mode, Sync::none);
}

Result<> remove_file(const Path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(os_error("removing", path));
  return {};
}

namespace {

// Ours, and closed to everybody else.
Result<> check_private(const struct stat& info, const Path& path) {
  const bool folder = S_ISDIR(info.st_mode);
  if (info.st_uid != ::geteuid())
    return fail(Errc::denied, "{} belongs to another user (uid {})", path.string(), info.st_uid);
  if ((info.st_mode & 0077U) != 0)
    return fail(Errc::denied, "{} is open to others; make it private: chmod {} {}", path.string(),
                folder ? 700 : 600, path.string());
  return {};
}

}  // namespace

Result<> check_private_directory(const Path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return fail(os_error("looking at", path));
  if (!S_ISDIR(info.st_mode)) return fail(Errc::conflict, "{} is not a folder", path.string());
  return check_private(info, path);
}

Result<> make_private_directory(const Path& path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(os_error("creating", path));
  return check_private_directory(path);
}

Result<Secret> read_private_file(const Path& path, std::size_t limit) {
  // A fifo must not keep us waiting; its kind is looked at before anything is read.
  constexpr int kFlags = O_RDONLY | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const Fd fd(retry([&] { return ::open(path.c_str(), kFlags); }));
  if (!fd && errno == ELOOP)
    return fail(Errc::denied, "{} is a link; put the file itself there", path.string());
  if (!fd) return fail(os_error("opening", path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail(os_error("looking at", path));
  if (!S_ISREG(info.st_mode)) return fail(Errc::invalid, "{} is no file", path.string());
  if (auto is_private = check_private(info, path); !is_private)
    return fail(std::move(is_private).error());
  if (static_cast<std::uint64_t>(info.st_size) > limit)
    return fail(Errc::invalid, "reading {}: it has more than {}", path.string(),
                format_size(limit));
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');  // read in place: no copies
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count =
        retry([&] { return ::read(fd.get(), &bytes[size], bytes.size() - size); });
    if (count < 0) return fail(os_error("reading", path));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return Secret(std::move(bytes));
}

Result<> make_fifo(const Path& path) {
  if (::mkfifo(path.c_str(), 0600) == 0) return {};
  if (errno != EEXIST) return fail(os_error("creating the fifo", path));
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return fail(os_error("looking at", path));
  if (!S_ISFIFO(info.st_mode)) return fail(Errc::conflict, "{} is not a fifo", path.string());
  return {};
}

Result<Fd> sealed_memory(const std::string& name, std::string_view bytes) {
  constexpr int kAboveInherited = 100;
  const Fd low(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!low) return fail(errno_error(errno, "making a file in memory"));
  Fd fd(::fcntl(low.get(), F_DUPFD_CLOEXEC, kAboveInherited));
  if (!fd) return fail(errno_error(errno, "making a file in memory"));
  if (auto written = write_all(fd, bytes, name); !written) return fail(std::move(written).error());
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0 || ::lseek(fd.get(), 0, SEEK_SET) != 0)
    return fail(errno_error(errno, "sealing a file in memory"));
  return fd;
}

bool is_file(const Path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

bool is_executable(const Path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

namespace {

// A holder may remove its file before it lets go; a lock on what nobody finds any more is none.
bool is_at(const Fd& fd, const Path& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd.get(), &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

// A process that the holder's death caught between its fork and its exec keeps the lock so long.
constexpr Duration kDeadHolderLimit = 2s;
constexpr Duration kLockPause = 2ms;

// Who wrote its number into a lock; empty: nobody that lives.
std::string living_holder(const Path& path) {
  const std::string holder(trim(read_file(path, 64).value_or("")));
  const auto pid = parse_integer(holder);
  const bool lives = pid && *pid > 0 && (::kill(static_cast<pid_t>(*pid), 0) == 0 || errno == EPERM);
  return lives ? holder : "";
}

}  // namespace

Result<LockFile> LockFile::acquire(const Path& path) {
  TRY(fd, open_file(path, O_RDWR | O_CREAT));
  const Time limit = std::chrono::steady_clock::now() + kDeadHolderLimit;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(os_error("locking", path));
    const std::string holder = living_holder(path);
    if (holder.empty() && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(kLockPause);
      continue;
    }
    return fail(Errc::conflict, "{} is held by pid {}", path.string(),
                holder.empty() ? "unknown" : holder);
  }
  if (!is_at(fd, path)) return acquire(path);
  if (::ftruncate(fd.get(), 0) != 0) return fail(os_error("writing", path));
  if (auto written = write_all(fd, fmt::format("{}\n", ::getpid()), path); !written)
    return fail(std::move(written).error());
  return LockFile(std::move(fd));
}

Result<LockFile> LockFile::inherit(Fd fd, const Path& path) {
  if (!is_at(fd, path) || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::invalid, "what was handed over is not the lock of {}", path.string());
  return LockFile(std::move(fd));
}

Path executable_path() {
  std::error_code error;
  Path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? Path{} : path;
}

std::optional<Path> find_program(std::string_view name, std::string_view search_path) {
  if (name.find('/') != std::string_view::npos)
    return is_executable(Path(name)) ? std::optional(Path(name)) : std::nullopt;
  for (const std::string& folder : split(search_path, ':')) {
    const Path candidate = Path(folder.empty() ? "." : folder) / name;
    if (!name.empty() && is_executable(candidate)) return candidate;
  }
  return std::nullopt;
}

namespace {

void fill_random(void* bytes, std::size_t size) {
  auto* at = static_cast<unsigned char*>(bytes);
  while (size > 0) {
    const ssize_t count = retry([&] { return ::getrandom(at, size, 0); });
    EXAI_ASSERT(count > 0);  // the kernel's generator does not fail once it has started
    at += count;
    size -= static_cast<std::size_t>(count);
  }
}

}  // namespace

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random(raw.data(), raw.size());
  return to_hex(raw);
}

std::string random_token(std::size_t characters) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr unsigned fair = 256 / alphabet.size() * alphabet.size();  // above it, draw again
  std::string token;
  while (token.size() < characters) {
    unsigned char byte = 0;
    fill_random(&byte, 1);
    if (byte < fair) token += alphabet[byte % alphabet.size()];
  }
  return token;
}

namespace {

// The terminal as it was, whatever happens.
class WithoutEcho {
 public:
  explicit WithoutEcho(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~WithoutEcho() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

Result<Secret> ask_secret(std::string_view question) {
  const Path path = "/dev/tty";
  auto terminal = open_file(path, O_RDWR | O_NOCTTY);
  if (!terminal) return fail(Errc::unavailable, "there is no terminal to ask at");
  if (auto asked = write_all(*terminal, question, path); !asked)
    return fail(std::move(asked).error());
  std::string answer;
  answer.reserve(4096);  // what a terminal takes in one line
  ssize_t count = 0;
  {
    const WithoutEcho quiet(terminal->get());
    char next = 0;
    while ((count = ::read(terminal->get(), &next, 1)) == 1 && next != '\n') answer += next;
  }
  static_cast<void>(write_all(*terminal, "\n", path).has_value());
  Secret secret(std::move(answer));
  if (count != 1) return fail(Errc::cancelled, "nothing was entered");
  return secret;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

int terminal_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void set_timezone(const std::string& zone) {
  ::setenv("TZ", zone.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no thread runs yet
  ::tzset();
}

DescriptorLimit raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const DescriptorLimit before{limit.rlim_cur, limit.rlim_max};
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return before;
}

namespace {

// Segments that nobody writes hold what is in their files: dropped, they come back by themselves.
int drop_unwritten(dl_phdr_info* object, std::size_t, void* page_size) {
  const auto page = *static_cast<const std::uintptr_t*>(page_size);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_filesz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is what the headers give
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_startup_memory() {
  ::malloc_trim(0);
  auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  ::dl_iterate_phdr(&drop_unwritten, &page);
}

void ignore_sigpipe() { ::signal(SIGPIPE, SIG_IGN); }

void forbid_memory_dumps() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace exai
