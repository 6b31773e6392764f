// Bytes choose what happens to a service; what is always true of its machine must hold.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/unit/service/world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  exai::service::World world([&](int low, int high) {
    const int byte = at < size ? data[at++] : 0;
    return low + byte % (high - low + 1);
  });
  while (at < size) world.happen();
  world.come_to_rest();
  if (world.violation().empty()) return 0;
  std::fprintf(stderr, "%s\n", world.violation().c_str());
  std::abort();
}
