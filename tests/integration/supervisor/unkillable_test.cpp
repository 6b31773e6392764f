// What no signal ends: a process that the kernel holds in an uninterruptible wait (state D). A real
// one, that writes to a file system which is frozen.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// A small file system of its own in a folder; thawed and taken away at the end.
class Disk {
 public:
  explicit Disk(const Path& folder) : place_(folder / "disk") {
    const std::string image = (folder / "image").string();
    std::filesystem::create_directory(place_);
    std::ofstream(image).flush();
    std::filesystem::resize_file(image, 16U << 20U);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"mkfs.ext4", "-q", image},
          {"mount", "-o", "loop", image, place_.string()}}) {
      const Outcome done = run(command);
      INFO(join(command, " ") << ": " << done.err);
      REQUIRE(done.exit == 0);
    }
    folder_ = open_file(place_, O_RDONLY | O_DIRECTORY).value();
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() {
    thaw();
    folder_ = Fd();
    ::umount2(place_.c_str(), MNT_DETACH);
  }

  void freeze() { REQUIRE(::ioctl(folder_.get(), FIFREEZE, 0) == 0); }
  void thaw() { ::ioctl(folder_.get(), FITHAW, 0); }
  Path place() const { return place_; }

 private:
  Path place_;
  Fd folder_;
};

}  // namespace

TEST_CASE("what not even KILL ends is named and not waited for") {
  Stack stack(service("stuck", "stop = { grace = \"100ms\" }") + service("fine"));
  Disk disk(stack.path("."));
  stack.script("stuck.sh", fmt::format("echo up; while :; do echo x >{}; sleep 0.01; done\n",
                                       (disk.place() / "f").string()));
  stack.script("fine.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("fine", State::ready);
  const pid_t pid = stack.in_state("stuck", State::ready).pid;
  const process::Identity stuck{pid, process_info(pid).value().start_ticks};
  REQUIRE(wait_until([&] { return std::filesystem::exists(disk.place() / "f"); }));
  disk.freeze();
  REQUIRE(wait_until([&] { return process_info(pid).value().state == 'D'; }));

  SECTION("by stop, and the rest of the stack runs on") {
    REQUIRE(stack.client().stop({"stuck"}));
    const ServiceStatus stopped = stack.in_state("stuck", State::stopped);
    CHECK(
        stopped.cause ==
        fmt::format("stopped: ended, how is unknown; it does not die: pid {} (sh, state D)", pid));
    CHECK(stack.status("fine").state == State::ready);
  }
  SECTION("by down, which says so, too") {
    Command down = stack.command();
    down.arguments = {EXAI, "down", "--file", stack.path("exai.toml").string()};
    const Outcome told = run(down);
    CHECK(told.exit == 1);
    CHECK_THAT(told.err, Catch::Contains(fmt::format("still alive: stuck (pid {})\n", pid)));
    CHECK_THAT(told.out + told.err,
               Catch::Contains(fmt::format("it does not die: pid {} (sh, state D)", pid)));
  }

  disk.thaw();  // the KILL that it got is carried out now
  CHECK(wait_until([&] { return !process::is_alive(stuck); }));
}
