// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/key.hpp"

#include <algorithm>
#include <bit>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "godwit/base/encoding.hpp"
#include "rsa_public_key.hpp"
#include "sha256.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t ed25519_size = 32;
// Octets of an RSA key.  What is longer takes milliseconds to verify with, and nobody has it but to make us work.
constexpr std::size_t longest_modulus = 1024;
constexpr std::size_t longest_exponent = 8;

struct Free {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free>;
using Bio = std::unique_ptr<BIO, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// What OpenSSL kept of errors must not be taken for those of a later call.
std::unexpected<base::Error> failed(base::ErrorKind kind, std::string_view what) {
  ERR_clear_error();
  return base::fail(kind, std::string(what));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// PKCS #1 v1.5 over a SHA-256 digest.
KeyContext rsa_context(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  if (!context || init(context.get()) <= 0 || EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) <= 0 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), sha256_algorithm()) <= 0)
    return {};
  return context;
}

// A number as OpenSSL has it in parameters: in the order of the machine.
std::string in_native_order(std::string_view number) {
  std::string octets(number);
  if constexpr (std::endian::native == std::endian::little) std::ranges::reverse(octets);
  return octets;
}

// Null: the library refuses it.
EVP_PKEY* rsa_key_of(const RsaPublicKey& numbers) {
  auto modulus = in_native_order(numbers.modulus);
  auto exponent = in_native_order(numbers.exponent);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, bytes_of(modulus), modulus.size()),
                             OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, bytes_of(exponent), exponent.size()),
                             OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
    return nullptr;
  return key;
}

int refuse_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

std::string_view to_string(KeyKind kind) {
  return kind == KeyKind::rsa ? "rsa" : "ed25519";
}

base::Result<Key> Key::take(evp_pkey_st* key, std::string_view what) {
  Handle handle(key, [](EVP_PKEY* one) { EVP_PKEY_free(one); });
  if (key == nullptr) return failed(base::ErrorKind::invalid, what);
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return Key(KeyKind::rsa, std::move(handle));
    case EVP_PKEY_ED25519:
      return Key(KeyKind::ed25519, std::move(handle));
    default:
      return base::fail(base::ErrorKind::unsupported, "the key is neither RSA nor Ed25519");
  }
}

base::Result<Key> Key::from_record(KeyKind kind, std::string_view bytes) {
  if (kind == KeyKind::ed25519) {
    if (bytes.size() != ed25519_size) return base::fail(base::ErrorKind::invalid, "an Ed25519 key has 32 bytes");
    return take(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size()),
                "not an Ed25519 key");
  }
  const auto numbers = read_rsa_public_key(bytes);
  if (numbers && (numbers->modulus.size() > longest_modulus || numbers->exponent.size() > longest_exponent))
    return base::fail(base::ErrorKind::unsupported, "the key is too long");
  return take(numbers ? rsa_key_of(*numbers) : nullptr, "not an RSA key");
}

base::Result<Key> Key::from_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return take(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, nullptr),
              "not a private key in PEM without a passphrase");
}

base::Result<Key> Key::from_handle(evp_pkey_st* key) {
  return take(key, "no private key");
}

base::Result<Key> Key::generate(KeyKind kind, int bits) {
  EVP_PKEY* made = kind == KeyKind::rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits))
                                        : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  return take(made, "the key could not be made");
}

int Key::bits() const {
  return EVP_PKEY_get_bits(key_.get());
}

bool Key::verifies(std::string_view digest, std::string_view signature) const {
  bool good = false;
  if (kind_ == KeyKind::rsa) {
    const auto context = rsa_context(key_.get(), EVP_PKEY_verify_init);
    good = context &&
           EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), bytes_of(digest), digest.size()) == 1;
  } else {  // RFC 8463 section 3: Ed25519 signs the digest as if it were the message
    const DigestContext context(EVP_MD_CTX_new());
    good = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(digest), digest.size()) == 1;
  }
  if (!good) ERR_clear_error();
  return good;
}

base::Result<std::string> Key::sign(std::string_view digest) const {
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = signature.size();
  bool good = false;
  if (kind_ == KeyKind::rsa) {
    const auto context = rsa_context(key_.get(), EVP_PKEY_sign_init);
    good = context && EVP_PKEY_sign(context.get(), bytes_of(signature), &size, bytes_of(digest), digest.size()) == 1;
  } else {
    const DigestContext context(EVP_MD_CTX_new());
    good = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(digest), digest.size()) == 1;
  }
  if (!good) return failed(base::ErrorKind::io, "the key does not sign");
  signature.resize(size);
  return signature;
}

std::string Key::public_text() const {
  std::string bytes(ed25519_size, '\0');
  if (kind_ == KeyKind::ed25519) {
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), bytes_of(bytes), &size);
  } else {
    bytes.resize(static_cast<std::size_t>(i2d_PUBKEY(key_.get(), nullptr)));
    auto* out = bytes_of(bytes);
    i2d_PUBKEY(key_.get(), &out);
  }
  return base::base64_encode(bytes);
}

std::string Key::private_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

}  // namespace godwit::mailauth
