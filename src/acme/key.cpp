// SPDX-License-Identifier: Apache-2.0
#include "key.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "godwit/base/base64url.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::acme {
namespace {

using net::BioPtr, net::Free, net::PkeyPtr;
using NumberPtr = std::unique_ptr<BIGNUM, Free<&BN_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Free<&EVP_MD_CTX_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Free<&ECDSA_SIG_free>>;

constexpr int rsa_bits = 2048;
constexpr int coordinate_size = 32;  // bytes, of P-256

std::string bytes_of(const BIGNUM* number) {
  std::array<unsigned char, coordinate_size> bytes{};
  if (number == nullptr || BN_bn2binpad(number, bytes.data(), coordinate_size) != coordinate_size) return {};
  return {bytes.begin(), bytes.end()};
}

std::string coordinate(const EVP_PKEY& key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(&key, name, &number);
  const NumberPtr owner(number);
  return base::base64url_encode(bytes_of(number));
}

bool is_p256(const EVP_PKEY& key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  return EVP_PKEY_is_a(&key, "EC") == 1 && EVP_PKEY_get_group_name(&key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

base::Result<Key> Key::make(KeyType type) {
  ERR_clear_error();
  PkeyPtr key(type == KeyType::rsa2048 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{rsa_bits})
                                       : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return base::fail(base::ErrorKind::io, "making a key: " + net::take_openssl_error());
  return Key(std::move(key), type);
}

base::Result<Key> Key::from_pem(const std::string& pem) {
  ERR_clear_error();
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PkeyPtr key(PEM_read_bio_PrivateKey(memory.get(), nullptr, &no_passphrase, nullptr));
  const std::string why = net::take_openssl_error();
  if (!key) return base::fail(base::ErrorKind::invalid, "no PEM private key: " + why);
  if (is_p256(*key)) return Key(std::move(key), KeyType::ecdsa_p256);
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) return Key(std::move(key), KeyType::rsa2048);
  return base::fail(base::ErrorKind::invalid, "a private key of another kind than P-256 or RSA");
}

std::string Key::to_pem() const {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(memory.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  const char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string Key::jwk() const {
  return fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", coordinate(*key_, OSSL_PKEY_PARAM_EC_PUB_X),
                     coordinate(*key_, OSSL_PKEY_PARAM_EC_PUB_Y));
}

std::string Key::thumbprint() const {
  return base::base64url_encode(sha256(jwk()));
}

// RFC 7518 section 3.4: R and S, not the DER that OpenSSL makes.
std::string Key::sign(std::string_view text) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), der.data(), &size, bytes, text.size()) != 1)
    return {};
  const unsigned char* at = der.data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!signature) return {};
  return bytes_of(ECDSA_SIG_get0_r(signature.get())) + bytes_of(ECDSA_SIG_get0_s(signature.get()));
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace godwit::acme
