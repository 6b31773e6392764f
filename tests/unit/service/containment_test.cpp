// Where our place among the cgroups is, on all kinds of machines.
#include <catch2/catch.hpp>

#include "supervisor/process/containment.hpp"

using exai::process::cgroup_place;
using exai::process::CgroupFacts;

namespace {

const std::string kUnified =
    "24 30 0:22 / /proc rw - proc proc rw\n"
    "31 30 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string kHybrid =
    "25 20 0:20 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
    "26 25 0:21 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "27 25 0:22 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
const std::string kInContainer = "50 40 0:27 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n";

// The place, or what is said instead.
std::string place(const CgroupFacts& facts) {
  const auto found = cgroup_place(facts);
  return found ? found->string() : found.error().message();
}

}  // namespace

TEST_CASE("our place among the cgroups") {
  const auto [facts, expected] = GENERATE(table<CgroupFacts, std::string>({
      {{kUnified, "0::/user.slice/app.scope\n", ""}, "/sys/fs/cgroup/user.slice/app.scope"},
      {{kUnified, "0::/\n", ""}, "/sys/fs/cgroup"},
      {{kHybrid, "4:memory:/x\n0::/y\n", ""}, "/sys/fs/cgroup/unified/y"},
      {{kInContainer, "0::/docker/abc/z\n", ""}, "/sys/fs/cgroup/z"},
      {{kInContainer, "0::/docker/abc\n", ""}, "/sys/fs/cgroup"},
      {{"9 8 0:1 / /a\\040b rw - cgroup2 cgroup2 rw\n", "0::/y\n", ""}, "/a b/y"},
      {{kUnified, "0::/../other\n", ""}, "our cgroup is outside of what this container may see"},
      {{kInContainer, "0::/elsewhere\n", ""},
       "our cgroup /elsewhere is not below what is mounted at /sys/fs/cgroup"},
      {{"", "0::/\n", ""}, "no cgroup version 2 is mounted"},
      {{kUnified, "4:memory:/x\n", ""}, "this process is in no cgroup of version 2"},
      {{kUnified, "0::/\n", "off"}, "EXAI_CGROUP=off"},
      {{"", "", "/sys/fs/cgroup/mine"}, "/sys/fs/cgroup/mine"},
      {{kUnified, "0::/\n", "on"}, "EXAI_CGROUP is neither \"off\" nor an absolute path: on"},
  }));
  CHECK(place(facts) == expected);
}
