#pragma once
// Text that goes out to a client and comes back: sealed, so that the client can neither read nor
// change it (libsodium's secretbox), and so that it ends.
//
// The key is made at random for each Sealer: nothing that was sealed outlives the process, and a
// client whose text is refused begins again.
// Thread: any, one at a time.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace exai::mcp {

class Sealer {
 public:
  Sealer();
  ~Sealer();  // wipes the key
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  std::string seal(std::string_view text) const;  // URL-safe characters
  // Nothing when it was not sealed here, or changed since.
  std::optional<std::string> open(std::string_view sealed) const;

 private:
  std::array<unsigned char, 32> key_{};
};

// Strict: with padding, and no foreign characters. Nothing when it is not that.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace exai::mcp
