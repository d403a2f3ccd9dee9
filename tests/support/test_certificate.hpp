// SPDX-License-Identifier: Apache-2.0
// Self-signed certificates made on the spot, as PEM files in a folder that lives as long as the object.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "godwit/net/settings.hpp"

namespace godwit::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "godwit-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name) << content;
    return *this / name;
  }

 private:
  std::filesystem::path path_;
};

enum class KeyType { rsa, ec, ed25519 };

struct CertificateWish {
  std::vector<std::string> names = {};  // the first is the common name too
  KeyType key = KeyType::ec;
  long valid_from = -3600;  // seconds from now
  long valid_for = 86400;
  std::string passphrase = {};  // of the key file
};

inline EVP_PKEY* make_key(KeyType type) {
  if (type == KeyType::rsa) return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
  if (type == KeyType::ec) return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

// Writes <label>.crt and <label>.key.
inline net::CertificateSettings make_certificate(const TemporaryFolder& folder, const std::string& label,
                                                 const CertificateWish& wish) {
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Cert = std::unique_ptr<X509, decltype(&X509_free)>;
  using File = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
  const Key key(make_key(wish.key), &EVP_PKEY_free);
  const Cert cert(X509_new(), &X509_free);
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), wish.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), wish.valid_from + wish.valid_for);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(cert.get());
  if (!wish.names.empty())
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.names[0].c_str()), -1, -1, 0);
  X509_set_issuer_name(cert.get(), subject);
  std::string alternatives;
  for (const auto& name : wish.names) alternatives += (alternatives.empty() ? "DNS:" : ",DNS:") + name;
  if (!alternatives.empty()) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives.c_str());
    X509_add_ext(cert.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(cert.get(), key.get(), wish.key == KeyType::ed25519 ? nullptr : EVP_sha256());

  net::CertificateSettings settings{.certificate = folder / (label + ".crt"), .private_key = folder / (label + ".key")};
  const File crt(BIO_new_file(settings.certificate.c_str(), "w"), &BIO_free_all);
  PEM_write_bio_X509(crt.get(), cert.get());
  const File pem(BIO_new_file(settings.private_key.c_str(), "w"), &BIO_free_all);
  PEM_write_bio_PrivateKey(pem.get(), key.get(), wish.passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
                           reinterpret_cast<const unsigned char*>(wish.passphrase.data()),
                           static_cast<int>(wish.passphrase.size()), nullptr, nullptr);
  return settings;
}

}  // namespace godwit::testing
