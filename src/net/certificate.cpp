// SPDX-License-Identifier: Apache-2.0
#include "certificate.hpp"

#include <ctime>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "godwit/base/clock.hpp"
#include "godwit/base/text.hpp"

namespace godwit::net {
namespace {

BioPtr in_memory(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

base::Result<> read_chain(const std::string& text, const std::string& path, Certificate& into) {
  ERR_clear_error();
  const auto memory = in_memory(text);
  while (X509* next = PEM_read_bio_X509_AUX(memory.get(), nullptr, nullptr, nullptr)) {
    if (!into.leaf)
      into.leaf.reset(next);
    else
      into.chain.emplace_back(next);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = take_openssl_error();
  if (!into.leaf && at_end) return base::fail(base::ErrorKind::invalid, path + ": no PEM certificate in it");
  if (!at_end) return base::fail(base::ErrorKind::invalid, fmt::format("{}: damaged certificate: {}", path, why));
  return {};
}

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) return {};
  std::string result(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return result;
}

// A name with a NUL in it is made to be misread; it is none.
void add_name(const std::string& name, std::vector<std::string>& names) {
  if (!name.empty() && name.find('\0') == std::string::npos) names.push_back(base::to_lower(name));
}

std::string only_common_name(const X509& certificate) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::vector<std::string> names_of(const X509& certificate) {
  using GeneralNames = std::unique_ptr<GENERAL_NAMES, Free<&GENERAL_NAMES_free>>;
  std::vector<std::string> names;
  const GeneralNames alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type == GEN_DNS) add_name(text_of(name->d.dNSName), names);
  }
  if (!names.empty()) return names;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) add_name(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), names);
  return names;
}

std::string describe_key(const EVP_PKEY& key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(&key, group.data(), group.size(), &size) == 1 && size > 0)
    return fmt::format("EC {}", group.data());
  const char* name = EVP_PKEY_get0_type_name(&key);
  if (EVP_PKEY_is_a(&key, "RSA") == 1) return fmt::format("RSA {}", EVP_PKEY_get_bits(&key));
  return name != nullptr ? name : "unknown";
}

base::WallTime time_of(const ASN1_TIME* time) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(time, &broken) != 1) return {};
  return base::WallTime(std::chrono::seconds(::timegm(&broken)));
}

}  // namespace

std::string subject_of(const X509& certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// OpenSSL leaves out an address with a NUL in it.
std::vector<std::string> addresses_of(const X509& certificate) {
  using Addresses = std::unique_ptr<STACK_OF(OPENSSL_STRING), Free<&X509_email_free>>;
  const Addresses found(X509_get1_email(const_cast<X509*>(&certificate)));  // is only read
  std::vector<std::string> addresses;
  for (int i = 0; found && i < sk_OPENSSL_STRING_num(found.get()); ++i)
    addresses.emplace_back(sk_OPENSSL_STRING_value(found.get(), i));
  return addresses;
}

std::string common_name_of(const X509& certificate) {
  std::string name = only_common_name(certificate);
  return name.contains('\0') ? std::string() : name;
}

base::Result<Certificate> load_certificate(const CertificateSettings& settings, const KeyHolder& keys) {
  Certificate result;
  const auto text = keys.certificates(settings.certificate);
  if (!text) return std::unexpected(text.error());
  auto chain = read_chain(*text, settings.certificate, result);
  if (!chain) return std::unexpected(std::move(chain.error()));
  auto key = keys.private_key(settings.private_key);
  if (!key) return std::unexpected(std::move(key.error()));
  result.key = std::move(*key);
  const bool match = X509_check_private_key(result.leaf.get(), result.key.get()) == 1;
  ERR_clear_error();
  if (!match)
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("{}: the private key does not belong to the certificate in {}", settings.private_key,
                                  settings.certificate));
  result.names = names_of(*result.leaf);
  if (settings.ocsp_response.empty()) return result;
  auto staple = load_staple(settings.ocsp_response, *result.leaf);
  if (staple)
    result.staple = std::move(*staple);
  else
    result.staple_error = staple.error().message;
  return result;
}

base::Result<Certificate> parse_certificate(const NewCertificate& pem) {
  Certificate result;
  const auto certificate = in_memory(pem.certificate), key = in_memory(pem.private_key);
  result.leaf.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
  result.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, &no_passphrase, nullptr));
  const std::string why = take_openssl_error();
  if (!result.leaf || !result.key) return base::fail(base::ErrorKind::invalid, "no certificate with its key: " + why);
  result.names = names_of(*result.leaf);
  return result;
}

base::Result<CertificateFacts> check_certificate(const CertificateSettings& settings, const KeyHolder& keys) {
  auto loaded = load_certificate(settings, keys);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return CertificateFacts{.subject = subject_of(*loaded->leaf),
                          .names = std::move(loaded->names),
                          .key_type = describe_key(*loaded->key),
                          .not_before = time_of(X509_get0_notBefore(loaded->leaf.get())),
                          .not_after = time_of(X509_get0_notAfter(loaded->leaf.get())),
                          .staple_error = std::move(loaded->staple_error),
                          .staple_until = loaded->staple ? loaded->staple->until : std::nullopt};
}

}  // namespace godwit::net
