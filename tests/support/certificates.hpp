#pragma once
// A certificate authority of a test's own, and what it signs: made by the openssl command line, so
// that nothing of what is tested also does the testing.

#include <string>

#include "tests/support/support.hpp"

namespace exai::test {

struct Issue {
  std::string name = "exai.test";                    // of the subject
  std::string names = "IP:127.0.0.1,DNS:localhost";  // that it is valid for
  std::string serial = "01";                         // hexadecimal
  std::string from = "20200101000000Z";
  std::string until = "99991231235959Z";  // never (RFC 5280, 4.1.2.5)
};

class TestCa {
 public:
  TestCa();

  std::string file() const { return (folder_ / "ca.pem").string(); }
  // Writes both as `certificate` and `key`, for us alone. Over files that are there: by renaming.
  void issue(const Path& certificate, const Path& key, const Issue& wanted = {}) const;

 private:
  TempDir folder_;
};

// The serial number of the certificate that this port shows now; or what openssl has against it.
std::string serial_at(std::uint16_t port);

}  // namespace exai::test
