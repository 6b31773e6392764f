#include "core/base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace exai {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not_found";
    case Errc::denied: return "denied";
    case Errc::unavailable: return "unavailable";
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::conflict: return "conflict";
    case Errc::internal: return "internal";
  }
  return "internal";
}

namespace {

Errc code_of(int number) {
  switch (number) {
    case ENOENT: case ESRCH: case ENXIO: return Errc::not_found;
    case EACCES: case EPERM: case EROFS: return Errc::denied;
    case EEXIST: case EADDRINUSE: case EBUSY: return Errc::conflict;
    case ECONNREFUSED: case ECONNRESET: case EPIPE: case ENETUNREACH: case EHOSTUNREACH:
    case EAGAIN: case ENOMEM: case EMFILE: case ENFILE: case ENOSPC: return Errc::unavailable;
    case ETIMEDOUT: return Errc::timeout;
    case ECANCELED: return Errc::cancelled;
    case EINVAL: case EISDIR: case ENOTDIR: case ENAMETOOLONG: case ENOEXEC: return Errc::invalid;
    default: return Errc::internal;
  }
}

}  // namespace

Error errno_error(int number, std::string_view doing) {
  return {code_of(number), fmt::format("{}: {}", doing, std::generic_category().message(number))};
}

void assertion_failed(const char* condition, const char* file, int line) {
  fmt::print(stderr, "exai: bug: {}:{}: {} does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace exai
