// SPDX-License-Identifier: Apache-2.0
#include "dane.hpp"

#include <openssl/err.h>

#include "godwit/net/tls.hpp"

namespace godwit::net {
namespace {

constexpr std::uint8_t dane_ta = 2;
constexpr std::uint8_t dane_ee = 3;

const unsigned char* bytes_of(const std::string& data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

// The whole thing and nothing behind it.
bool is_certificate(const std::string& der) {
  const auto* at = bytes_of(der);
  const X509Ptr parsed(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return parsed && at == bytes_of(der) + der.size() && X509_get0_pubkey(parsed.get()) != nullptr;
}

bool is_public_key(const std::string& der) {
  const auto* at = bytes_of(der);
  const PkeyPtr parsed(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return parsed && at == bytes_of(der) + der.size();
}

}  // namespace

bool is_usable(const dns::Tlsa& record) {
  enum Matching { full = 0, sha2_256 = 1, sha2_512 = 2 };
  if ((record.usage != dane_ta && record.usage != dane_ee) || record.selector > 1) return false;
  switch (record.matching) {
    case full:
      return record.selector == 0 ? is_certificate(record.data) : is_public_key(record.data);
    case sha2_256:
      return record.data.size() == 32;
    case sha2_512:
      return record.data.size() == 64;
    default:
      return false;
  }
}

bool trust_records(SSL& session, const std::string& base, const std::vector<dns::Tlsa>& records) {
  if (SSL_dane_enable(&session, base.c_str()) != 1) return false;
  // Of usage 3 neither name nor dates count (RFC 7672 section 3.1.1).
  SSL_dane_set_flags(&session, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  bool any = false;
  for (const auto& record : records) {
    const int added = SSL_dane_tlsa_add(&session, record.usage, record.selector, record.matching, bytes_of(record.data),
                                        record.data.size());
    any = any || added > 0;
  }
  ERR_clear_error();
  return any;
}

}  // namespace godwit::net
