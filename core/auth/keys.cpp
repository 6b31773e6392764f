#include "core/auth/keys.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/base64.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace exai::auth {

namespace {

constexpr std::size_t kShortestSecret = 32;
constexpr std::size_t kMostKeys = 32;
constexpr int kFewestBits = 2048;
constexpr int kMostBits = 8192;  // a check of a longer one would take too long

template <auto release>
struct Release {
  template <class T>
  void operator()(T* what) const {
    release(what);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Release<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;

struct PublicKey {
  std::string id;  // empty: it has none
  KeyPtr key;
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Result<KeyPtr> checked(KeyPtr key) {
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1)
    return fail(Errc::invalid, "RS256 takes RSA keys, and this is none");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kFewestBits || bits > kMostBits)
    return fail(Errc::invalid, "an RSA key has {} bits; between {} and {} are taken", bits,
                kFewestBits, kMostBits);
  return key;
}

Result<KeyPtr> rsa_key(std::string_view modulus, std::string_view exponent) {
  const auto number = [](std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
  };
  const Number n = number(modulus);
  const Number e = number(exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EXAI_ASSERT(n && e && builder && context);
  if (!BN_is_odd(e.get()) || BN_is_one(e.get()))
    return fail(Errc::invalid, "\"e\" is the exponent of no RSA key");
  EXAI_ASSERT(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  EVP_PKEY* made = nullptr;
  if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid, "\"n\" and \"e\" make no RSA key");
  }
  return checked(KeyPtr(made));
}

// One member of a JWK set; without a key when it is of another kind or use.
Result<PublicKey> read_jwk(const json::object& jwk) {
  PublicKey read;
  const bool ours = find_string(jwk, "kty") == "RSA" &&
                    find_string(jwk, "use").value_or("sig") == "sig" &&
                    find_string(jwk, "alg").value_or("RS256") == "RS256";
  if (!ours) return read;
  read.id = find_string(jwk, "kid").value_or("");
  const auto n = from_base64url(find_string(jwk, "n").value_or(""));
  const auto e = from_base64url(find_string(jwk, "e").value_or(""));
  if (!n || !e || n->empty() || e->empty())
    return fail(Errc::invalid, "\"n\" and \"e\" of an RSA key must be base64url");
  TRY(key, rsa_key(*n, *e));
  read.key = std::move(key);
  return read;
}

Result<std::vector<PublicKey>> read_jwks(std::string_view text) {
  TRY(set, parse_json_object(text));
  const json::array* members = find_array(set, "keys");
  if (!members) return fail(Errc::invalid, "a JWK set has its keys in an array \"keys\"");
  std::vector<PublicKey> keys;
  for (std::size_t at = 0; at < members->size(); ++at) {
    const json::object* jwk = (*members)[at].if_object();
    if (!jwk) return fail(Errc::invalid, "key {} of the JWK set is no object", at + 1);
    auto read = read_jwk(*jwk);
    if (!read) return fail(read.error().within(fmt::format("key {} of the JWK set", at + 1)));
    if (read->key) keys.push_back(*std::move(read));
  }
  if (keys.empty())
    return fail(Errc::invalid, "there is no RSA key for signatures by RS256 in the JWK set");
  return keys;
}

Result<std::vector<PublicKey>> read_pem(std::string_view text) {
  if (text.find(" PRIVATE KEY") != std::string_view::npos)
    return fail(Errc::invalid,
                "this is a private key, which only who signs may have: give its public half "
                "(openssl pkey -pubout)");
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  EXAI_ASSERT(bio);
  std::vector<PublicKey> keys;
  while (EVP_PKEY* read = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)) {
    TRY(key, checked(KeyPtr(read)));
    keys.push_back({"", std::move(key)});
  }
  ERR_clear_error();
  std::size_t blocks = 0;
  constexpr std::string_view kBegin = "-----BEGIN ";
  for (std::size_t at = text.find(kBegin); at < text.size(); at = text.find(kBegin, at + 1))
    ++blocks;
  if (keys.empty() || keys.size() != blocks)
    return fail(Errc::invalid,
                "neither PEM (\"-----BEGIN PUBLIC KEY-----\") nor a JWK set ({{\"keys\": […]}})");
  return keys;
}

bool is_hmac(const Secret& secret, const Signature& signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  const std::string_view key = secret.reveal();
  const bool done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                         bytes_of(signature.text), signature.text.size(), made.data(), &size);
  EXAI_ASSERT(done);
  return signature.bytes.size() == size &&
         CRYPTO_memcmp(made.data(), signature.bytes.data(), size) == 0;
}

bool is_rsa(EVP_PKEY* key, const Signature& signature) {
  const DigestContext context(EVP_MD_CTX_new());
  EXAI_ASSERT(context);
  const bool right =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature.bytes), signature.bytes.size(),
                       bytes_of(signature.text), signature.text.size()) == 1;
  ERR_clear_error();
  return right;
}

}  // namespace

struct Keys::State {
  Secret shared;
  std::vector<PublicKey> published;
};

Keys::Keys() : state_(std::make_shared<State>()) {}

Result<Keys> Keys::parse(const Secret& shared, std::string_view published) {
  auto state = std::make_shared<State>();
  if (!shared.empty() && shared.reveal().size() < kShortestSecret)
    return fail(Errc::invalid, "the shared secret has {} bytes; HS256 needs {} at least",
                shared.reveal().size(), kShortestSecret);
  state->shared = shared;
  const std::string_view text = trim(published);
  if (!text.empty()) {
    TRY(read, text.starts_with('{') ? read_jwks(text) : read_pem(text));
    if (read.size() > kMostKeys)
      return fail(Errc::invalid, "there are {} keys; {} at most are taken", read.size(), kMostKeys);
    state->published = std::move(read);
  }
  Keys keys;
  keys.state_ = std::move(state);
  return keys;
}

bool Keys::empty() const {
  return state_->shared.empty() && state_->published.empty();
}

bool Keys::verify(const Signature& signature) const {
  if (signature.algorithm == Algorithm::hs256)
    return !state_->shared.empty() && is_hmac(state_->shared, signature);
  const auto& keys = state_->published;
  const bool known =
      !signature.key_id.empty() && std::ranges::count(keys, signature.key_id, &PublicKey::id) > 0;
  return std::ranges::any_of(keys, [&](const PublicKey& each) {
    const bool meant = known                      ? each.id == signature.key_id
                       : signature.key_id.empty() ? true
                                                  : each.id.empty();
    return meant && is_rsa(each.key.get(), signature);
  });
}

}  // namespace exai::auth
