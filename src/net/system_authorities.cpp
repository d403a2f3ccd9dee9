// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/system_authorities.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "godwit/net/openssl.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace {

// OpenSSL's hashed directory would be read during handshakes, on a reactor.
constexpr std::array bundles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                "/etc/ssl/cert.pem"};

using NamePtr = std::unique_ptr<X509_NAME, Free<&X509_NAME_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// One element of DER (X.690 section 8.1), and its contents.
struct Element {
  int tag = 0;
  std::string_view whole;
  std::string_view contents;
};

std::optional<Element> take_element(std::string_view& der) {
  const unsigned char* at = bytes_of(der);
  Element element;
  long length = 0;
  int kind = 0;
  const int form = ASN1_get_object(&at, &length, &element.tag, &kind, static_cast<long>(der.size()));
  if ((form & 0x80) != 0 || (form & 0x01) != 0) return std::nullopt;  // malformed, or of no stated length
  if (kind == V_ASN1_CONTEXT_SPECIFIC) element.tag = -1;
  const auto header = static_cast<std::size_t>(at - bytes_of(der));
  element.whole = der.substr(0, header + static_cast<std::size_t>(length));
  element.contents = element.whole.substr(header);
  der.remove_prefix(element.whole.size());
  return element;
}

// The subject in an encoded certificate (RFC 5280 section 4.1), without the rest being decoded, which takes a hundred
// times as long.  Null: it is no certificate.
NamePtr subject_of(std::string_view certificate) {
  const auto signed_part = take_element(certificate);
  if (!signed_part) return nullptr;
  auto rest = signed_part->contents;
  const auto body = take_element(rest);
  if (!body) return nullptr;
  rest = body->contents;
  auto element = take_element(rest);
  if (element && element->tag == -1) element = take_element(rest);  // after the version: the number
  for (int skipped = 0; element && skipped < 4; ++skipped) element = take_element(rest);  // algorithm, issuer, validity
  if (!element || element->tag != V_ASN1_SEQUENCE) return nullptr;
  const unsigned char* at = bytes_of(element->whole);
  return NamePtr(d2i_X509_NAME(nullptr, &at, static_cast<long>(element->whole.size())));
}

class Bundle {
 public:
  // False: there is nothing more to read.
  bool read_one(BIO& file) {
    char* type = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long length = 0;
    ERR_clear_error();
    if (PEM_read_bio(&file, &type, &header, &data, &length) != 1) return is_past_damage(ERR_peek_last_error());
    if (std::string_view(type).ends_with("CERTIFICATE"))
      add({reinterpret_cast<const char*>(data), static_cast<std::size_t>(length)});
    OPENSSL_free(type);
    OPENSSL_free(header);
    OPENSSL_free(data);
    return true;
  }

  void finish() {
    certificates_.shrink_to_fit();
    entries_.shrink_to_fit();
    std::ranges::stable_sort(entries_, {}, &Entry::subject);  // of those of one name the first comes first
  }

  std::size_t size() const { return entries_.size(); }

  // Those of this subject, each to be freed by whoever asked.
  std::vector<X509Ptr> of_subject(const X509_NAME& name) const {
    std::vector<X509Ptr> certificates;
    for (const auto& entry : std::ranges::equal_range(entries_, hash_of(name), {}, &Entry::subject)) {
      const unsigned char* at = bytes_of(certificates_) + entry.begin;
      X509Ptr certificate(d2i_X509_AUX(nullptr, &at, static_cast<long>(entry.length)));
      if (certificate && X509_NAME_cmp(X509_get_subject_name(certificate.get()), &name) == 0)
        certificates.push_back(std::move(certificate));
    }
    return certificates;
  }

 private:
  struct Entry {
    unsigned long subject;  // its hash
    std::size_t begin;
    std::size_t length;
  };

  // A damaged certificate has been read over, or an empty one, which is no error to OpenSSL; at the end of the file
  // there was no start of another.
  static bool is_past_damage(unsigned long error) {
    if (error == 0) return true;
    return ERR_GET_LIB(error) == ERR_LIB_PEM &&
           (ERR_GET_REASON(error) == PEM_R_BAD_BASE64_DECODE || ERR_GET_REASON(error) == PEM_R_BAD_END_LINE);
  }

  static unsigned long hash_of(const X509_NAME& name) { return X509_NAME_hash_ex(&name, nullptr, nullptr, nullptr); }

  void add(std::string_view certificate) {
    const auto subject = subject_of(certificate);
    if (!subject) return;
    entries_.push_back({hash_of(*subject), certificates_.size(), certificate.size()});
    certificates_ += certificate;
  }

  std::string certificates_;  // DER
  std::vector<Entry> entries_;
};

using ObjectPtr = std::unique_ptr<X509_OBJECT, Free<&X509_OBJECT_free>>;

// All of one name at once: whoever finds the name in the store asks for no more of them.
void keep(STACK_OF(X509_OBJECT) & objects, const std::vector<X509Ptr>& certificates) {
  for (const auto& certificate : certificates) {
    ObjectPtr object(X509_OBJECT_new());
    if (object && X509_OBJECT_set1_X509(object.get(), certificate.get()) == 1 &&
        sk_X509_OBJECT_push(&objects, object.get()) > 0)
      static_cast<void>(object.release());  // the store frees it
  }
}

// As X509_LOOKUP_hash_dir does: the store keeps what it did not have, and `found` borrows from it.
int find_by_subject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found) {
  if (type != X509_LU_X509) return 0;
  const auto& bundle = *static_cast<const Bundle*>(X509_LOOKUP_get_method_data(lookup));
  const auto certificates = bundle.of_subject(*name);
  ERR_clear_error();
  if (certificates.empty()) return 0;
  X509_STORE* const store = X509_LOOKUP_get_store(lookup);
  X509_STORE_lock(store);
  auto& objects = *X509_STORE_get0_objects(store);
  if (X509_OBJECT_retrieve_by_subject(&objects, type, name) == nullptr) keep(objects, certificates);
  X509_OBJECT* const kept = X509_OBJECT_retrieve_by_subject(&objects, type, name);
  X509* const certificate = kept == nullptr ? nullptr : X509_OBJECT_get0_X509(kept);
  const bool is_given = certificate != nullptr && X509_OBJECT_set1_X509(found, certificate) == 1;
  if (is_given) X509_free(certificate);  // the reference that set1 took
  X509_STORE_unlock(store);
  return is_given ? 1 : 0;
}

void free_bundle(X509_LOOKUP* lookup) {
  delete static_cast<Bundle*>(X509_LOOKUP_get_method_data(lookup));
}

X509_LOOKUP_METHOD* make_method() {
  X509_LOOKUP_METHOD* const method = X509_LOOKUP_meth_new("certificates of a bundle, when they are needed");
  X509_LOOKUP_meth_set_get_by_subject(method, &find_by_subject);
  X509_LOOKUP_meth_set_free(method, &free_bundle);
  return method;
}

}  // namespace

base::Result<std::size_t> trust_lazily(X509_STORE& store, const std::string& file) {
  errno = 0;
  const BioPtr opened(BIO_new_file(file.c_str(), "r"));
  const int code = errno;
  ERR_clear_error();
  if (!opened) {
    auto failure = base::fail_os(file, code);
    if (code == ENOENT) failure.error().kind = base::ErrorKind::not_found;
    return failure;
  }
  auto bundle = std::make_unique<Bundle>();
  while (bundle->read_one(*opened)) {
  }
  ERR_clear_error();
  bundle->finish();
  const auto count = bundle->size();
  if (count == 0) return count;
  static X509_LOOKUP_METHOD* const method = make_method();
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(&store, method);
  if (lookup == nullptr) return base::fail(base::ErrorKind::exhausted, file + ": " + take_openssl_error());
  if (X509_LOOKUP_get_method_data(lookup) != nullptr)
    return base::fail(base::ErrorKind::invalid, "the authorities of a store come from one file");
  X509_LOOKUP_set_method_data(lookup, bundle.release());
  return count;
}

void trust_system_authorities(X509_STORE& store) {
  for (const char* bundle : bundles)
    if (const auto count = trust_lazily(store, bundle); count && *count > 0) return;
}

}  // namespace godwit::net
