#include "supervisor/process/half_made.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/os.hpp"
#include "core/base/proc.hpp"

namespace exai::process {

namespace {

constexpr Duration kHalfMadeLimit = 1s;
constexpr Duration kPause = 2ms;

std::string arguments_of(pid_t pid) {
  return read_file(fmt::format("/proc/{}/cmdline", pid), 1U << 20U).value_or("");
}

bool is_half_made(const ProcessInfo& process, const std::string& name,
                  const std::string& argument) {
  return process.pid != ::getpid() && process.state != 'Z' && process.program == name &&
         arguments_of(process.pid).find(argument) != std::string::npos;
}

}  // namespace

void await_half_made(const std::string& argument) {
  const auto own = process_info(::getpid());
  const Time limit = std::chrono::steady_clock::now() + kHalfMadeLimit;
  while (own && std::chrono::steady_clock::now() < limit) {
    const auto all = all_processes();
    const bool any = std::any_of(all.begin(), all.end(), [&](const ProcessInfo& process) {
      return is_half_made(process, own->program, argument);
    });
    if (!any) return;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace exai::process
