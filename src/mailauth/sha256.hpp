// SPDX-License-Identifier: Apache-2.0
// SHA-256 over bytes that come in pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace godwit::mailauth {

// Found once: looking for it takes OpenSSL 3 longer than a short text takes.
inline const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found != nullptr ? found : EVP_sha256();
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), sha256_algorithm(), nullptr); }

  void put(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  // The 32 bytes; nothing may be put behind it.
  std::string finish() {
    std::string digest(32, '\0');
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return digest;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

inline std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.put(bytes);
  return hash.finish();
}

}  // namespace godwit::mailauth
