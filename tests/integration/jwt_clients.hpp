#pragma once
// How clients show a JWT: what is in it, and where it goes in a request and in a hello.

#include <chrono>
#include <stdexcept>
#include <string>

#include "core/base/json.hpp"
#include "tests/support/tokens.hpp"

namespace exai::test {

inline constexpr std::string_view kSecret = "a secret of tests, 32 bytes long";

inline std::int64_t from_now(std::int64_t seconds) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count() + seconds;
}

inline std::string claims(std::string_view subject, std::int64_t seconds = 3600,
                          std::string_view more = "") {
  return fmt::format(R"({{"iss":"https://login.example","sub":"{}","iat":{},"exp":{}{}}})", subject,
                     from_now(-5), from_now(seconds), more);
}

inline std::string bearer(std::string_view token) {
  return fmt::format("Authorization: Bearer {}\r\n", token);
}

inline std::string hello(std::string_view token, std::string_view jwt,
                         std::string_view session = "") {
  return to_text(
      json::object{{"op", "hello"}, {"token", token}, {"jwt", jwt}, {"session_id", session}});
}

// What `open` opens with a JWT that is soon over, given to it as a header. On a slow machine the
// first may be over before: then `open` throws, and gets one that lasts twice as long.
template <class Open>
auto open_briefly(Open open) {
  for (int seconds = 2;; seconds *= 2) {
    try {
      return open(hs256(kSecret, claims("ann", seconds)));
    } catch (const std::runtime_error&) {
      if (seconds > 60) throw;
    }
  }
}

}  // namespace exai::test
