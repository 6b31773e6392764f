#include "core/secrets/age.hpp"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "core/base/ascii.hpp"
#include "core/base/base64.hpp"
#include "core/base/text.hpp"

namespace exai::secrets {

namespace {

constexpr std::size_t kFileKey = 16;
constexpr std::size_t kNonce = 16;
constexpr std::size_t kChunk = 64U << 10U;
constexpr std::size_t kTag = crypto_aead_chacha20poly1305_ietf_ABYTES;
constexpr std::string_view kX25519 = "X25519";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view text_of(const Bytes32& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void start_sodium() {
  EXAI_ASSERT(::sodium_init() >= 0);  // quick when it has been done
}

// 32 bytes that are wiped.
class Key {
 public:
  Key() = default;
  explicit Key(std::string_view from) {
    EXAI_ASSERT(from.size() == bytes_.size());
    std::copy(from.begin(), from.end(), bytes_.begin());
  }
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key() { ::sodium_memzero(bytes_.data(), bytes_.size()); }

  unsigned char* data() { return bytes_.data(); }
  const unsigned char* data() const { return bytes_.data(); }
  std::string_view view() const { return text_of(bytes_); }

 private:
  Bytes32 bytes_{};
};

Key hmac(std::string_view key, std::string_view text) {
  Key out;
  crypto_auth_hmacsha256_state state;
  ::crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  ::crypto_auth_hmacsha256_update(&state, bytes_of(text), text.size());
  ::crypto_auth_hmacsha256_final(&state, out.data());
  ::sodium_memzero(&state, sizeof state);
  return out;
}

// RFC 5869; 32 bytes are one block of its output.
Key hkdf(std::string_view secret, std::string_view salt, std::string_view info) {
  const Key extracted = hmac(salt, secret);
  return hmac(extracted.view(), std::string(info) + '\x01');
}

using ChunkNonce = std::array<unsigned char, 12>;

bool open_box(const Key& key, const ChunkNonce& nonce, std::string_view box, unsigned char* out) {
  return ::crypto_aead_chacha20poly1305_ietf_decrypt(out, nullptr, nullptr, bytes_of(box),
                                                     box.size(), nullptr, 0, nonce.data(),
                                                     key.data()) == 0;
}

void close_box(const Key& key, const ChunkNonce& nonce, std::string_view text, std::string& out) {
  const std::size_t at = out.size();
  out.resize(at + text.size() + kTag);
  ::crypto_aead_chacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(&out[at]), nullptr,
                                              bytes_of(text), text.size(), nullptr, 0, nullptr,
                                              nonce.data(), key.data());
}

// --- keys ---

Key public_key(std::string_view secret) {
  Key out;
  ::crypto_scalarmult_curve25519_base(out.data(), bytes_of(secret));
  return out;
}

// None: the other side sent a point of low order.
std::optional<Key> shared_secret(std::string_view ours, std::string_view theirs) {
  Key out;
  if (::crypto_scalarmult_curve25519(out.data(), bytes_of(ours), bytes_of(theirs)) != 0)
    return std::nullopt;
  return out;
}

Result<Bytes32> parse_key(std::string_view prefix, std::string_view text) {
  TRY(bytes, from_bech32(prefix, text));
  Bytes32 key{};
  const bool fits = bytes.size() == key.size();
  if (fits) std::copy(bytes.begin(), bytes.end(), key.begin());
  ::sodium_memzero(bytes.data(), bytes.size());
  if (!fits) return fail(Errc::invalid, "it has the wrong length");
  return key;
}

// --- the file key, wrapped for a recipient ---

Stanza wrap(const Key& file_key_in_front, const Recipient& recipient) {
  Key ephemeral;
  ::randombytes_buf(ephemeral.data(), 32);
  const Key share = public_key(ephemeral.view());
  const auto shared = shared_secret(ephemeral.view(), text_of(recipient.key));
  EXAI_ASSERT(shared.has_value());  // encrypt() has looked at the recipient
  const std::string salt = std::string(share.view()) + std::string(text_of(recipient.key));
  Stanza stanza;
  stanza.arguments = {std::string(kX25519), to_base64(share.view())};
  close_box(hkdf(shared->view(), salt, kX25519Info), {},
            file_key_in_front.view().substr(0, kFileKey), stanza.body);
  return stanza;
}

// Errors: invalid, when the stanza is none of a sound file.
Result<std::optional<Secret>> unwrap(const Stanza& stanza, const Identity& identity) {
  if (stanza.arguments.size() != 2) return fail(Errc::invalid, "an X25519 recipient without a key");
  const auto share = from_base64(stanza.arguments[1]);
  if (!share || share->size() != 32 || stanza.body.size() != kFileKey + kTag)
    return fail(Errc::invalid, "an X25519 recipient of the wrong length");
  const auto shared = shared_secret(identity.key.reveal(), *share);
  if (!shared) return fail(Errc::invalid, "an X25519 recipient with a key of low order");
  const std::string salt = *share + std::string(public_key(identity.key.reveal()).view());
  std::string file_key(kFileKey, '\0');
  if (!open_box(hkdf(shared->view(), salt, kX25519Info), {}, stanza.body,
                reinterpret_cast<unsigned char*>(file_key.data())))
    return std::optional<Secret>();
  return std::optional(Secret(std::move(file_key)));
}

Result<Secret> file_key_of(const Header& header, std::span<const Identity> identities) {
  std::size_t recipients = 0;
  for (const Stanza& stanza : header.stanzas) {
    if (stanza.arguments[0] == "scrypt")
      return fail(Errc::invalid,
                  "the age file is for a passphrase; encrypt it for a recipient: age -r age1…");
    if (stanza.arguments[0] != kX25519) continue;
    ++recipients;
    for (const Identity& identity : identities) {
      TRY(key, unwrap(stanza, identity));
      if (key) return *std::move(key);
    }
  }
  if (recipients == 0)
    return fail(Errc::denied,
                "the age file has no X25519 recipient: it is for keys of other types");
  return fail(Errc::denied, "the age file is for {}, and none is ours",
              count_of(recipients, "recipient"));
}

// --- the payload ---

// Counter of 11 bytes, big end first, and whether it is the last chunk.
ChunkNonce chunk_nonce(std::uint64_t counter, bool last) {
  ChunkNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i)
    nonce[10 - i] = static_cast<unsigned char>(counter >> 8U * i & 255U);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

std::string seal_payload(const Key& key, std::string_view text) {
  std::string out;
  out.reserve(text.size() + (text.size() / kChunk + 1) * kTag);
  std::uint64_t counter = 0;
  do {
    const std::string_view chunk = text.substr(0, kChunk);
    text.remove_prefix(chunk.size());
    close_box(key, chunk_nonce(counter++, text.empty()), chunk, out);
  } while (!text.empty());
  return out;
}

// What is wrong with a chunk that does not open as it should.
tl::unexpected<Error> damaged(const Key& key, std::uint64_t counter, std::string_view box,
                              bool last) {
  std::string scratch(box.size(), '\0');
  const bool otherwise = open_box(key, chunk_nonce(counter, !last), box,
                                  reinterpret_cast<unsigned char*>(scratch.data()));
  ::sodium_memzero(scratch.data(), scratch.size());
  if (!otherwise)
    return fail(Errc::invalid, "the age file was changed or cut off: chunk {} is wrong",
                counter + 1);
  return last ? fail(Errc::invalid, "the age file is cut off after chunk {}", counter + 1)
              : fail(Errc::invalid, "something was added to the age file after chunk {}",
                     counter + 1);
}

Result<Secret> open_payload(const Key& key, std::string_view payload) {
  std::string text(payload.size(), '\0');  // never grows, so no copy is left behind
  std::size_t size = 0;
  const auto give_up = [&](tl::unexpected<Error> error) {
    ::sodium_memzero(text.data(), text.size());
    return error;
  };
  for (std::uint64_t counter = 0;; ++counter) {
    const std::string_view box = payload.substr(0, kChunk + kTag);
    payload.remove_prefix(box.size());
    const bool last = payload.empty();
    if (box.size() < kTag || (box.size() == kTag && counter > 0))
      return give_up(fail(Errc::invalid, "the age file was changed or cut off: chunk {} is wrong",
                          counter + 1));
    if (!open_box(key, chunk_nonce(counter, last), box,
                  reinterpret_cast<unsigned char*>(&text[size])))
      return give_up(damaged(key, counter, box, last));
    size += box.size() - kTag;
    if (last) break;
  }
  text.resize(size);
  return Secret(std::move(text));
}

}  // namespace

Identity generate_identity() {
  start_sodium();
  Key key;
  ::randombytes_buf(key.data(), 32);
  return {Secret(std::string(key.view()))};
}

Recipient recipient_of(const Identity& identity) {
  start_sodium();
  const Key key = public_key(identity.key.reveal());
  Recipient recipient;
  std::copy(key.view().begin(), key.view().end(), recipient.key.begin());
  return recipient;
}

std::string to_text(const Recipient& recipient) {
  return to_bech32("age", text_of(recipient.key));
}

Secret to_text(const Identity& identity) {
  std::string text = to_bech32("age-secret-key-", identity.key.reveal());
  for (char& c : text)
    if (is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
  return Secret(std::move(text));
}

namespace {

template <class Take>
Result<> each_key(std::string_view text, std::string_view what, const Take& take) {
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (auto taken = take(line); !taken)
      return fail(Errc::invalid, "line {} is no {}: {}", number, what, taken.error().message());
  }
  return {};
}

}  // namespace

Result<std::vector<Recipient>> parse_recipients(std::string_view text) {
  std::vector<Recipient> recipients;
  auto read = each_key(text, "recipient (age1…)", [&](std::string_view line) -> Result<> {
    TRY(key, parse_key("age", line));
    recipients.push_back({key});
    return {};
  });
  if (!read) return fail(std::move(read).error());
  return recipients;
}

Result<std::vector<Identity>> parse_identities(const Secret& text) {
  std::vector<Identity> identities;
  auto read = each_key(text.reveal(), "identity (AGE-SECRET-KEY-1…)",
                       [&](std::string_view line) -> Result<> {
                         TRY(key, parse_key("age-secret-key-", line));
                         identities.push_back({Secret(std::string(text_of(key)))});
                         ::sodium_memzero(key.data(), key.size());
                         return {};
                       });
  if (!read) return fail(std::move(read).error());
  return identities;
}

Result<std::string> encrypt(const Secret& text, std::span<const Recipient> recipients) {
  start_sodium();
  if (recipients.empty()) return fail(Errc::invalid, "there is no recipient to encrypt for");
  Key file_key;  // its first 16 bytes
  ::randombytes_buf(file_key.data(), kFileKey);
  const std::string_view key = file_key.view().substr(0, kFileKey);
  std::vector<Stanza> stanzas;
  for (const Recipient& recipient : recipients) {
    if (!shared_secret(file_key.view(), text_of(recipient.key)))
      return fail(Errc::invalid, "{} is no usable recipient", to_text(recipient));
    stanzas.push_back(wrap(file_key, recipient));
  }
  const std::string head = header_text(stanzas);
  const Key mac = hmac(hkdf(key, "", "header").view(), head);
  std::string nonce(kNonce, '\0');
  ::randombytes_buf(nonce.data(), nonce.size());
  return head + " " + to_base64(mac.view()) + "\n" + nonce +
         seal_payload(hkdf(key, nonce, "payload"), text.reveal());
}

Result<Secret> decrypt(std::string_view file, std::span<const Identity> identities) {
  start_sodium();
  TRY(header, parse_header(file));
  TRY(file_key, file_key_of(header, identities));
  const Key mac = hmac(hkdf(file_key.reveal(), "", "header").view(), header.signed_text);
  if (::sodium_memcmp(mac.data(), header.mac.data(), header.mac.size()) != 0)
    return fail(Errc::invalid, "the header of the age file was changed");
  if (header.payload.size() < kNonce + kTag)
    return fail(Errc::invalid, "the age file is cut off behind its header");
  const Key key = hkdf(file_key.reveal(), header.payload.substr(0, kNonce), "payload");
  return open_payload(key, header.payload.substr(kNonce));
}

std::string hmac_hex(const Secret& key, const Secret& text) {
  start_sodium();
  return to_hex(hmac(key.reveal(), text.reveal()).view());
}

}  // namespace exai::secrets
