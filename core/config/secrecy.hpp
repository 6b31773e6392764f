#pragma once
// What a person would keep to himself: told by the name it goes by, by how it looks, and by where
// it stands in a text. One opinion for everybody: the rules about secrets, and what diagnostics
// hide.
//
// In a name the last word says what the thing is: a TOKEN_LIMIT is a limit and an ACCESS_KEY_ID an
// id. Entropy alone tells little (a path has as much as a password), so it is asked only about
// values whose name says nothing, and after everything with a well-known look is set aside.

#include <string>
#include <string_view>
#include <vector>

#include "core/config/tree.hpp"

namespace exai::config {

// POSTGRES_PASSWORD, apiKey, JWT_SECRET, API_KEY_2; not PUBLIC_KEY, MAX_TOKENS, PASSWORD_FILE.
bool sounds_secret(std::string_view name);

// Names of things that look random and are public: COMMIT_SHA, IMAGE_DIGEST, PROJECT_ID.
bool sounds_public(std::string_view name);

// Could be a generated password or key: long, without words, no path, address, list, hash of an
// image or UUID.
bool looks_random(std::string_view value);

// In bits per byte.
double entropy(std::string_view value);

// What examples have where the secret goes: "changeme", "your_key_here", "<token>", "xxx".
bool is_placeholder(std::string_view value);

// A value that could be secret at all: not empty, no switch, no reference alone, no path of a file.
bool is_secret_value(std::string_view value);

// Bytes of `text` that nobody should see, by ascending place, in any of the formats we read:
//   NAME=value  NAME: value  "name": "value"  ENV NAME value  --password value  requirepass value
//   scheme://user:password@host  ?token=value  Bearer value  keys in PEM  well-known kinds of
//   tokens
// where the name sounds secret. References (${NAME}) are left to be seen, their defaults are not.
// Linear in the text.
std::vector<ByteRange> find_secrets(std::string_view text);

// The text with an asterisk for each code point that nobody should see.
std::string conceal(std::string_view text);

// The password of an address such as redis://user:password@host; the whole of the part before the @
// when it has no colon and looks random. Empty range: there is none.
ByteRange url_password(std::string_view url);

}  // namespace exai::config
