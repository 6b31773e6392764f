#pragma once
// Files in the format of age, version 1, for X25519 keys: what `age -r`, `age -R` and `age -d -i`
// read and write. libsodium is behind it and nowhere else.
//
// A file has a random key of its own, wrapped once for each recipient; it is authenticated as a
// whole: header by its MAC, payload chunk by chunk, the last chunk marked as such. Whoever holds
// one of the identities reads all of it or nothing.
//
// Errors of decrypt():
//   invalid  no age file; armored; for a passphrase; changed, cut off or added to
//   denied   for other recipients
// Never a key or a part of the text in a message.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/secrets/age_format.hpp"

namespace exai::secrets {

struct Recipient {
  Bytes32 key{};
  friend bool operator==(const Recipient&, const Recipient&) = default;
};

struct Identity {
  Secret key;  // 32 bytes
};

Identity generate_identity();
Recipient recipient_of(const Identity& identity);

std::string to_text(const Recipient& recipient);  // "age1…"
Secret to_text(const Identity& identity);         // "AGE-SECRET-KEY-1…"

// A file of recipients or of identities: one a line, "#" comments and empty lines skipped. Errors:
// invalid, with the line.
Result<std::vector<Recipient>> parse_recipients(std::string_view text);
Result<std::vector<Identity>> parse_identities(const Secret& text);

// Errors: invalid, without a recipient.
Result<std::string> encrypt(const Secret& text, std::span<const Recipient> recipients);
Result<Secret> decrypt(std::string_view file, std::span<const Identity> identities);

// HMAC-SHA256 in hex.
std::string hmac_hex(const Secret& key, const Secret& text);

}  // namespace exai::secrets
