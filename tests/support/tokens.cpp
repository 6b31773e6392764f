#include "tests/support/tokens.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "core/base/base64.hpp"

namespace exai::test {

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string unsigned_text(std::string_view header, std::string_view claims) {
  return to_base64url(header) + "." + to_base64url(claims);
}

void must(bool worked) {
  if (!worked) throw std::runtime_error("OpenSSL failed");
}

}  // namespace

struct TokenMaker::Key {
  EVP_PKEY* pair = EVP_RSA_gen(2048);
  ~Key() { EVP_PKEY_free(pair); }

  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    must(EVP_PKEY_get_bn_param(pair, name, &value) == 1);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return to_base64url(bytes);
  }
};

TokenMaker::TokenMaker() : key_(std::make_unique<Key>()) {}
TokenMaker::~TokenMaker() = default;

std::string TokenMaker::public_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  must(PEM_write_bio_PUBKEY(bio, key_->pair) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string TokenMaker::jwk(std::string_view key_id) const {
  return R"({"kty":"RSA","use":"sig","alg":"RS256","kid":")" + std::string(key_id) + R"(","n":")" +
         key_->number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" + key_->number(OSSL_PKEY_PARAM_RSA_E) +
         "\"}";
}

std::string TokenMaker::rs256(std::string_view header, std::string_view claims) const {
  const std::string text = unsigned_text(header, claims);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  must(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_->pair) == 1 &&
       EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                      bytes_of(text), text.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return text + "." + to_base64url(signature);
}

std::string TokenMaker::rs256(std::string_view claims) const {
  return rs256(R"({"alg":"RS256","typ":"at+jwt"})", claims);
}

std::string hs256(std::string_view secret, std::string_view header, std::string_view claims) {
  const std::string text = unsigned_text(header, claims);
  unsigned char made[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  must(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text),
            text.size(), made, &size) != nullptr);
  return text + "." + to_base64url({reinterpret_cast<const char*>(made), size});
}

std::string hs256(std::string_view secret, std::string_view claims) {
  return hs256(secret, R"({"alg":"HS256","typ":"JWT"})", claims);
}

}  // namespace exai::test
