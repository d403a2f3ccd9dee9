// SPDX-License-Identifier: Apache-2.0
#include "certificate_request.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "godwit/base/text.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::acme {
namespace {

using net::BioPtr, net::Free, net::X509Ptr;
using RequestPtr = std::unique_ptr<X509_REQ, Free<&X509_REQ_free>>;
using RequestExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<&X509_EXTENSION_free>>;

constexpr std::size_t longest_chain = 16;

std::string alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "DNS:" : ",DNS:") + name;
  return list;
}

bool ask_for(X509_REQ& request, const std::vector<std::string>& names) {
  const auto list = alternative_names(names);
  const RequestExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, list.c_str()));
  const std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)> all(
      sk_X509_EXTENSION_new_null(), [](STACK_OF(X509_EXTENSION) * stack) { sk_X509_EXTENSION_free(stack); });
  if (!extension || !all) return false;
  sk_X509_EXTENSION_push(all.get(), extension.get());
  return X509_REQ_add_extensions(&request, all.get()) == 1;
}

base::Result<std::vector<X509Ptr>> certificates_in(const std::string& pem) {
  ERR_clear_error();
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<X509Ptr> chain;
  while (X509* next = PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(next);
    if (chain.size() > longest_chain) return base::fail(base::ErrorKind::invalid, "the chain is too long");
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (chain.empty() || !at_end)
    return base::fail(base::ErrorKind::invalid, "what the authority gave is no certificate in PEM");
  return chain;
}

}  // namespace

base::Result<std::string> make_certificate_request(const Key& key, const std::vector<std::string>& names) {
  ERR_clear_error();
  const RequestPtr request(X509_REQ_new());
  if (!request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 || !ask_for(*request, names) ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0)
    return base::fail(base::ErrorKind::io, "asking for a certificate: " + net::take_openssl_error());
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  if (size < 0) return base::fail(base::ErrorKind::io, "asking for a certificate: " + net::take_openssl_error());
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

base::Result<std::string> checked_chain(const std::string& pem, const Key& key, const std::vector<std::string>& names,
                                        base::WallTime now) {
  const auto chain = certificates_in(pem);
  if (!chain) return std::unexpected(chain.error());
  X509& leaf = *chain->front();
  const bool is_ours = X509_check_private_key(&leaf, key.get()) == 1;
  ERR_clear_error();
  if (!is_ours) return base::fail(base::ErrorKind::invalid, "the authority's certificate is of another key");
  for (const auto& name : names)
    if (X509_check_host(&leaf, name.data(), name.size(), 0, nullptr) != 1)
      return base::fail(base::ErrorKind::invalid, fmt::format("the authority's certificate is not for {}", name));
  std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now));
  if (X509_cmp_time(X509_get0_notAfter(&leaf), &seconds) < 0)
    return base::fail(base::ErrorKind::invalid, "the authority's certificate has expired: is the clock right?");
  const BioPtr out(BIO_new(BIO_s_mem()));
  for (const auto& certificate : *chain) PEM_write_bio_X509(out.get(), certificate.get());
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace godwit::acme
