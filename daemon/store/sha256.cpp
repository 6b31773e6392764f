#include "daemon/store/sha256.hpp"

#include <sodium.h>

#include "core/base/text.hpp"

namespace exai::store {

struct Sha256::State {
  crypto_hash_sha256_state value;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  crypto_hash_sha256_init(&state_->value);
}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  crypto_hash_sha256_update(&state_->value, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

std::string Sha256::hex() {
  std::string digest(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state_->value, reinterpret_cast<unsigned char*>(digest.data()));
  return to_hex(digest);
}

}  // namespace exai::store
