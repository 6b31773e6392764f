#pragma once
// The text of an age file, without its cryptography: the header of version 1, keys as people pass
// them on, base64 without padding. Pure.
//
//   age-encryption.org/v1
//   -> X25519 <ephemeral share, base64>          one stanza for each recipient;
//   <wrapped file key, base64, lines of 64>      those of other types are skipped
//   --- <MAC, base64>
//   <payload: nonce of 16 bytes, chunks of 64 KiB and a tag of 16 each>
//
// Strict as the format wants it: one way to write a header. Bounds: 64 KiB of header, 1024 stanzas.
// Errors: invalid, with the line.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace exai::secrets {

using Bytes32 = std::array<unsigned char, 32>;

struct Stanza {
  std::vector<std::string> arguments;  // the first is the type; never empty
  std::string body;                    // decoded
};

struct Header {
  std::vector<Stanza> stanzas;
  std::string_view signed_text;  // what the MAC is of: up to and with "---"
  Bytes32 mac{};
  std::string_view payload;
};

// The views are into `file`.
Result<Header> parse_header(std::string_view file);
// Up to and with "---".
std::string header_text(const std::vector<Stanza>& stanzas);

// "age1…" and "AGE-SECRET-KEY-1…": Bech32 of 32 bytes. `prefix` in lower case.
std::string to_bech32(std::string_view prefix, std::string_view bytes);
Result<std::string> from_bech32(std::string_view prefix, std::string_view text);

}  // namespace exai::secrets
