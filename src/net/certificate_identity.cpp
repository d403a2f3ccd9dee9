// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/certificate_identity.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "certificate.hpp"
#include "tls_client_context.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<&X509_EXTENSION_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Free<&ASN1_OBJECT_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Free<&ASN1_OCTET_STRING_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Free<&X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<&X509_STORE_CTX_free>>;

constexpr std::size_t longest_common_name = 64;                        // RFC 5280 appendix A, ub-common-name
constexpr base::Duration allowed_clock_error = std::chrono::hours(1);  // of who looks at a new certificate

std::unexpected<base::Error> library_refused(const char* what) {
  return base::fail(base::ErrorKind::io, std::string(what) + ": " + take_openssl_error());
}

std::time_t seconds_of(base::WallTime time) {
  return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
}

bool add_extension(X509& certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool add_extension(X509& certificate, const CriticalExtension& wanted) {
  const ObjectPtr oid(OBJ_txt2obj(wanted.oid.c_str(), 1));
  const OctetStringPtr value(ASN1_OCTET_STRING_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(wanted.der.data());
  if (!oid || !value || ASN1_OCTET_STRING_set(value.get(), bytes, static_cast<int>(wanted.der.size())) != 1)
    return false;
  const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 1, value.get()));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool fill(X509& certificate, EVP_PKEY& key, const std::string& host, base::WallTime from, base::WallTime until) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  X509_NAME* name = X509_get_subject_name(&certificate);
  const std::string common_name = host.substr(0, host.size() > longest_common_name ? 0 : host.size());
  const auto* bytes = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_set_version(&certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1U) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds_of(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds_of(until)) != nullptr &&
         (common_name.empty() || X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, bytes,
                                                            static_cast<int>(common_name.size()), -1, 0) == 1) &&
         X509_set_issuer_name(&certificate, name) == 1 && X509_set_pubkey(&certificate, &key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, "DNS:" + host);
}

std::string text_in(BIO& memory) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(&memory, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string der_of(const X509& certificate, std::uint8_t selector) {
  unsigned char* der = nullptr;
  const int size =
      selector == 0 ? i2d_X509(&certificate, &der) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size < 0) return {};
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

std::string digest_of(const std::string& bytes, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool names(const dns::Tlsa& record, const X509& certificate) {
  if (record.selector > 1) return false;
  const std::string der = der_of(certificate, record.selector);
  switch (record.matching) {
    case 0:
      return record.data == der;
    case 1:
      return record.data == digest_of(der, EVP_sha256());
    case 2:
      return record.data == digest_of(der, EVP_sha512());
    default:
      return false;
  }
}

}  // namespace

base::Result<NewCertificate> make_self_signed(const std::string& host, base::WallTime now, base::Duration lifetime,
                                              const std::optional<CriticalExtension>& extension) {
  ERR_clear_error();
  const PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const X509Ptr certificate(X509_new());
  if (!key || !certificate || !fill(*certificate, *key, host, now - allowed_clock_error, now + lifetime) ||
      (extension && !add_extension(*certificate, *extension)) ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    return library_refused("making a certificate");
  const BioPtr public_part(BIO_new(BIO_s_mem()));
  const BioPtr private_part(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(public_part.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(private_part.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return library_refused("writing a certificate");
  return NewCertificate{.certificate = text_in(*public_part), .private_key = text_in(*private_part)};
}

base::Result<dns::Tlsa> tlsa_of(const CertificateSettings& files) {
  const auto loaded = load_certificate(files);
  if (!loaded) return std::unexpected(loaded.error());
  return dns::Tlsa{.usage = 3, .selector = 1, .matching = 1, .data = digest_of(der_of(*loaded->leaf, 1), EVP_sha256())};
}

base::Result<bool> is_named_by(const CertificateSettings& files, const dns::Tlsa& record) {
  const auto loaded = load_certificate(files);
  if (!loaded) return std::unexpected(loaded.error());
  if (record.usage == 3) return names(record, *loaded->leaf);
  if (record.usage != 2) return false;
  return std::ranges::any_of(loaded->chain, [&](const auto& issuer) { return names(record, *issuer); });
}

base::Result<std::string> why_distrusted(const CertificateSettings& files, const std::string& host,
                                         const std::string& ca_file, base::WallTime now) {
  const auto loaded = load_certificate(files);
  if (!loaded) return std::unexpected(loaded.error());
  const StorePtr store(X509_STORE_new());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (auto trusted = load_trust(*store, ca_file); !trusted) return std::unexpected(trusted.error());
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> chain(
      sk_X509_new_null(), [](STACK_OF(X509) * list) { sk_X509_free(list); });
  for (const auto& issuer : loaded->chain) sk_X509_push(chain.get(), issuer.get());
  if (X509_STORE_CTX_init(context.get(), store.get(), loaded->leaf.get(), chain.get()) != 1)
    return library_refused("verifying a certificate");
  X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(wanted, seconds_of(now));
  X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  const bool is_trusted = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  return is_trusted ? std::string() : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace godwit::net
