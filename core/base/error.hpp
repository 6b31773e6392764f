#pragma once
// Expected failures as values. A function that can fail returns Result<T>; callers branch on the
// code, never on the text. Each boundary adds its context once: "reading /x: permission denied".
// Bugs are not errors: EXAI_ASSERT logs and aborts, and whoever supervises us starts us again.

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace exai {

enum class Errc {
  invalid,      // the input is wrong; the same call will fail again
  not_found,    // what was named does not exist
  denied,       // it exists, but we may not
  unavailable,  // not now: refused, reset, down; trying again may help
  timeout,      // no answer before the deadline
  cancelled,    // the caller gave up
  conflict,     // somebody else holds it, or it is there already
  internal,     // our fault, or the system's
};

// "not_found", "timeout", …: stable names for logs, metrics and JSON.
std::string_view name(Errc code);

class [[nodiscard]] Error {
 public:
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

  Errc code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same failure seen from one boundary further out: "<context>: <message>".
  Error within(std::string_view context) const {
    return {code_, fmt::format("{}: {}", context, message_)};
  }

  friend bool operator==(const Error&, const Error&) = default;

 private:
  Errc code_;
  std::string message_;
};

template <class T = void>
using Result = tl::expected<T, Error>;

// return fail(Errc::not_found, "no service named {}", name);
template <class... Args>
tl::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error(code, fmt::format(format, std::forward<Args>(args)...)));
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

// The failure that errno describes: ENOENT is not_found, EACCES and EPERM denied, EEXIST and
// EADDRINUSE conflict, ECONNREFUSED and the like unavailable, ETIMEDOUT timeout, else internal.
Error errno_error(int number, std::string_view doing);

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace exai

#define EXAI_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::exai::assertion_failed(#condition, __FILE__, __LINE__))

// TRY(text, read_file(path)); declares `text`, or returns the error. Not for coroutines.
#define TRY(variable, ...)                                                       \
  auto variable##_result = (__VA_ARGS__);                                        \
  if (!variable##_result) return ::exai::fail(std::move(variable##_result).error()); \
  auto variable = *std::move(variable##_result)
