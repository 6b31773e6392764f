// The service of all measurements of supervisors: says when it began, by one write of 16 bytes to the
// end of $BENCH_STAMPS (nanoseconds of CLOCK_MONOTONIC, pid), then does nothing until it is ended.
// Linked statically, so that its own start costs little beside that of its supervisor.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

int main() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t stamp[] = {now.tv_sec * 1'000'000'000 + now.tv_nsec, getpid()};
  const char* path = std::getenv("BENCH_STAMPS");
  const int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
  if (fd < 0 || write(fd, stamp, sizeof stamp) != sizeof stamp) return 1;
  close(fd);
  for (;;) pause();
}
