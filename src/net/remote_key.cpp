// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/remote_key.hpp"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "remote_key_provider.hpp"

namespace godwit::net {
namespace {

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<&EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<&EVP_MD_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD, Free<&EVP_MD_free>>;
using Scheme = SigningOrder::Scheme;

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* octets_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

bool sign_message(EVP_PKEY& key, std::string_view message, std::string& signature, std::size_t& size) {
  const DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, &key) == 1 &&
         EVP_DigestSign(context.get(), octets_of(signature), &size, octets_of(message), message.size()) == 1;
}

bool set_padding(EVP_PKEY_CTX* context, const SigningOrder& order) {
  if (order.scheme == Scheme::ecdsa) return true;
  if (order.scheme == Scheme::pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, order.salt) > 0;
}

// Never without the name of a digest: a bare private operation could decrypt.
bool sign_digest(EVP_PKEY& key, const SigningOrder& order, std::string& signature, std::size_t& size) {
  const Digest digest(EVP_MD_fetch(nullptr, order.digest.c_str(), nullptr));
  const KeyContext context(EVP_PKEY_CTX_new(&key, nullptr));
  return digest && context && static_cast<std::size_t>(EVP_MD_get_size(digest.get())) == order.data.size() &&
         EVP_PKEY_sign_init(context.get()) > 0 && set_padding(context.get(), order) &&
         EVP_PKEY_CTX_set_signature_md(context.get(), digest.get()) > 0 &&
         EVP_PKEY_sign(context.get(), octets_of(signature), &size, octets_of(order.data), order.data.size()) > 0;
}

bool is_for(const EVP_PKEY& key, Scheme scheme) {
  const bool is_rsa = EVP_PKEY_is_a(&key, "RSA") == 1;
  switch (scheme) {
    case Scheme::pure:
      return EVP_PKEY_is_a(&key, "ED25519") == 1 || EVP_PKEY_is_a(&key, "ED448") == 1;
    case Scheme::pkcs1:
      return is_rsa;
    case Scheme::pss:
      return is_rsa || EVP_PKEY_is_a(&key, "RSA-PSS") == 1;
    case Scheme::ecdsa:
      return EVP_PKEY_is_a(&key, "EC") == 1;
  }
  return false;
}

}  // namespace

base::Result<std::string> public_part_of(const EVP_PKEY& key) {
  const int size = i2d_PUBKEY(&key, nullptr);
  if (size <= 0) return base::fail(base::ErrorKind::io, "a key has no public part: " + take_openssl_error());
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = octets_of(der);
  i2d_PUBKEY(&key, &out);
  return der;
}

base::Result<std::string> sign_as_ordered(EVP_PKEY& key, const SigningOrder& order) {
  ERR_clear_error();
  if (!is_for(key, order.scheme)) return base::fail(base::ErrorKind::invalid, "the key does not sign in this way");
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(&key)), '\0');
  std::size_t size = signature.size();
  const bool is_signed = order.scheme == Scheme::pure ? sign_message(key, order.data, signature, size)
                                                      : sign_digest(key, order, signature, size);
  if (!is_signed) return base::fail(base::ErrorKind::io, "the key does not sign: " + take_openssl_error());
  signature.resize(size);
  return signature;
}

PkeyPtr make_remote_key(std::string_view public_part, std::shared_ptr<const RemoteSigner> signer) {
  const auto* at = octets_of(public_part);
  PkeyPtr known(d2i_PUBKEY(nullptr, &at, static_cast<long>(public_part.size())));
  if (!known) return {};
  return provided_key(std::make_shared<const RemoteParts>(RemoteParts{std::move(known), std::move(signer)}));
}

}  // namespace godwit::net
