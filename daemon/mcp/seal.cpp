#include "daemon/mcp/seal.hpp"

#include <sodium.h>

#include "core/base/error.hpp"

namespace exai::mcp {

namespace {

constexpr int kUrlSafe = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> decode(std::string_view text, int variant) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &size,
                        &end, variant) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace

Sealer::Sealer() {
  static_assert(crypto_secretbox_KEYBYTES == 32);
  EXAI_ASSERT(sodium_init() >= 0);
  crypto_secretbox_keygen(key_.data());
}

Sealer::~Sealer() {
  sodium_memzero(key_.data(), key_.size());
}

std::string Sealer::seal(std::string_view text) const {
  std::string box(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.size(), '\0');
  unsigned char* nonce = bytes_of(box);
  randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, bytes_of(text), text.size(), nonce,
                        key_.data());
  std::string encoded(sodium_base64_encoded_len(box.size(), kUrlSafe), '\0');
  sodium_bin2base64(encoded.data(), encoded.size(), bytes_of(box), box.size(), kUrlSafe);
  encoded.pop_back();  // the zero that ends it
  return encoded;
}

std::optional<std::string> Sealer::open(std::string_view sealed) const {
  constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  const auto box = decode(sealed, kUrlSafe);
  if (!box || box->size() < kOverhead) return std::nullopt;
  const std::string_view view(*box);
  const auto cipher = view.substr(crypto_secretbox_NONCEBYTES);
  std::string text(box->size() - kOverhead, '\0');
  if (crypto_secretbox_open_easy(bytes_of(text), bytes_of(cipher), cipher.size(), bytes_of(view),
                                 key_.data()) != 0)
    return std::nullopt;
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_ORIGINAL);
}

}  // namespace exai::mcp
