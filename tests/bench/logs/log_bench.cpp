// The parts of tests/bench/logs/run: what prints, what waits for it to arrive, what counts it, and
// the limits beside which a capture is measured.
//
//   log_bench write MIB STAMP                   prints MIB of numbered lines of 100 bytes
//                                               (STAMP: when it began)
//   log_bench await BYTES FOLDER…               until the folders hold that much; prints when (ns)
//   log_bench count LINES WRITERS FOLDER…       prints lines lost and lines too many
//   log_bench limit file|pipe|splice MIB PATH   prints MiB/s

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kLine = 100;
constexpr std::size_t kLinesAWrite = 64;  // about what a buffered stdout of 8 KiB gives at once
constexpr std::uint64_t kMebi = 1U << 20U;

std::uint64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

bool write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(fd, bytes, size);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

// Lines "000000000017 abc…\n", 64 at a time.
int print_lines(int fd, std::uint64_t mebibytes) {
  std::array<char, kLine * kLinesAWrite> block{};
  for (std::size_t i = 0; i < block.size(); ++i)
    block[i] = i % kLine == kLine - 1 ? '\n' : static_cast<char>('a' + i % 26);
  const std::uint64_t lines = mebibytes * kMebi / kLine;
  for (std::uint64_t line = 0; line < lines;) {
    std::size_t used = 0;
    for (; used < kLinesAWrite && line < lines; ++used, ++line) {
      std::uint64_t rest = line;
      for (int digit = 11; digit >= 0; --digit, rest /= 10)
        block[used * kLine + static_cast<std::size_t>(digit)] = static_cast<char>('0' + rest % 10);
    }
    if (!write_all(fd, block.data(), used * kLine)) return 1;
  }
  return 0;
}

int write_lines(std::uint64_t mebibytes, const char* stamp) {
  const std::string time = std::to_string(now());
  const int fd = ::open(stamp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || !write_all(fd, time.data(), time.size())) return 1;
  ::close(fd);
  return print_lines(1, mebibytes);
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  DIR* open = ::opendir(folder.c_str());
  if (open == nullptr) return files;
  while (const dirent* entry = ::readdir(open)) {  // NOLINT(concurrency-mt-unsafe): one thread
    const std::string name = entry->d_name;
    const bool other = name.ends_with(".idx") || name.starts_with("supervisor") || name == "lock" ||
                       name == "config" || name == "state" || name.starts_with(".");
    if (!other) files.push_back(folder + "/" + name);
  }
  ::closedir(open);
  return files;
}

std::uint64_t bytes_in(const std::vector<std::string>& folders) {
  std::uint64_t total = 0;
  struct stat status {};
  for (const std::string& folder : folders)
    for (const std::string& file : files_in(folder))
      if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode))
        total += static_cast<std::uint64_t>(status.st_size);
  return total;
}

// Gives up when nothing has come for ten seconds.
int await_bytes(std::uint64_t bytes, const std::vector<std::string>& folders) {
  std::uint64_t last = 0;
  std::uint64_t changed = now();
  for (;;) {
    const std::uint64_t seen = bytes_in(folders);
    const std::uint64_t time = now();
    if (seen != last) changed = time;
    last = seen;
    if (seen >= bytes || time - changed > 10'000'000'000U) {
      std::printf("%llu\n", static_cast<unsigned long long>(changed));
      return seen >= bytes ? 0 : 1;
    }
    ::usleep(500);
  }
}

// How often each line was seen, in any order: several writers may share a folder.
class Counter {
 public:
  explicit Counter(std::uint64_t lines) : seen_(lines, 0) {}
  void read(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    std::vector<char> bytes(kLine * 10'000);
    std::string rest;
    for (ssize_t count = 0; (count = ::read(fd, bytes.data(), bytes.size())) > 0;) {
      rest.append(bytes.data(), static_cast<std::size_t>(count));
      std::size_t from = 0;
      for (std::size_t end = 0; (end = rest.find('\n', from)) != std::string::npos; from = end + 1)
        add(rest.substr(from, end - from));
      rest.erase(0, from);
    }
    if (!rest.empty()) ++broken_;
    ::close(fd);
  }
  void print(std::uint64_t writers) const {
    std::uint64_t lost = 0;
    std::uint64_t more = broken_;
    for (const std::uint8_t count : seen_) {
      lost += count < writers ? writers - count : 0;
      more += count > writers ? count - writers : 0;
    }
    std::printf("%llu %llu\n", static_cast<unsigned long long>(lost),
                static_cast<unsigned long long>(more));
  }

 private:
  void add(const std::string& line) {
    const std::uint64_t number = std::strtoull(line.c_str(), nullptr, 10);
    if (line.size() != kLine - 1 || number >= seen_.size())
      ++broken_;
    else
      ++seen_[number];
  }
  std::vector<std::uint8_t> seen_;
  std::uint64_t broken_ = 0;
};

int count_lines(std::uint64_t lines, std::uint64_t writers,
                const std::vector<std::string>& folders) {
  Counter counter(lines);
  for (const std::string& folder : folders)
    for (const std::string& file : files_in(folder)) counter.read(file);
  counter.print(writers);
  return 0;
}

// Reads with what is the least that must be done: nothing is looked at, nothing rotates.
void copy(int from, int to, bool splices) {
  std::vector<char> bytes(64U << 10U);
  loff_t offset = 0;
  for (;;) {
    const ssize_t count = splices ? ::splice(from, nullptr, to, &offset, bytes.size(), 0)
                                  : ::read(from, bytes.data(), bytes.size());
    if (count <= 0) return;
    if (!splices && !write_all(to, bytes.data(), static_cast<std::size_t>(count))) return;
  }
}

int limit(const std::string& kind, std::uint64_t mebibytes, const char* path) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::array<int, 2> ends{};
  if (file < 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0) return 1;
  const std::uint64_t start = now();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(print_lines(kind == "file" ? file : ends[1], mebibytes));
  ::close(ends[1]);
  if (kind != "file") copy(ends[0], file, kind == "splice");
  ::waitpid(child, nullptr, 0);
  const double seconds = static_cast<double>(now() - start) / 1e9;
  std::printf("%.0f\n", static_cast<double>(mebibytes) / seconds);
  return 0;
}

std::uint64_t number(const char* text) {
  return std::strtoull(text, nullptr, 10);
}

int run(const std::vector<std::string>& words) {
  const std::string what = words.size() > 1 ? words[1] : "";
  const auto from = [&](std::size_t at) {
    return std::vector<std::string>(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  };
  if (what == "write" && words.size() == 4)
    return write_lines(number(words[2].c_str()), words[3].c_str());
  if (what == "await" && words.size() > 3) return await_bytes(number(words[2].c_str()), from(3));
  if (what == "count" && words.size() > 4)
    return count_lines(number(words[2].c_str()), number(words[3].c_str()), from(4));
  if (what == "limit" && words.size() == 5)
    return limit(words[2], number(words[3].c_str()), words[4].c_str());
  std::fprintf(stderr, "log_bench: see the head of its source\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  return run(std::vector<std::string>(argv, argv + argc));
}
