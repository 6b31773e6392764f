// Loaded into a program before all else (LD_PRELOAD): its clock on the wall is off by as many
// seconds as the file says that CLOCK_JUMP_FILE names. No other clock is touched, as when a person
// or ntpd sets the time.
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

long jump() {
  const char* path = ::getenv("CLOCK_JUMP_FILE");  // NOLINT(concurrency-mt-unsafe): never set here
  const int fd = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[32] = {};
  const ssize_t count = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  return count > 0 ? ::strtol(text, nullptr, 10) : 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int kept = errno;
  if (::syscall(SYS_clock_gettime, clock, time) != 0) return -1;
  if (clock == CLOCK_REALTIME) time->tv_sec += jump();
  errno = kept;
  return 0;
}
