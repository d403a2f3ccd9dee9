// SPDX-License-Identifier: Apache-2.0
#include "staple.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <iterator>

#include <openssl/err.h>
#include <openssl/ocsp.h>

namespace godwit::net {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<&OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Free<&OCSP_BASICRESP_free>>;

constexpr std::size_t largest = 64 * 1024;

base::Result<std::string> read_file(const std::string& path) {
  // A pipe would be waited for.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    return base::fail(base::ErrorKind::invalid, path + ": is no plain file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    auto failure = base::fail_os(path, errno);
    if (errno == ENOENT) failure.error().kind = base::ErrorKind::not_found;
    return failure;
  }
  std::string bytes(largest + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

base::WallTime time_of(const ASN1_GENERALIZEDTIME* time) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(time, &broken) != 1) return {};
  return base::WallTime(std::chrono::seconds(::timegm(&broken)));
}

bool is_about(OCSP_SINGLERESP* single, const X509& certificate) {
  ASN1_INTEGER* serial = nullptr;
  OCSP_CERTID* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));  // it asks for what it does not change
  OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id);
  return ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(&certificate)) == 0;
}

}  // namespace

base::Result<Staple> load_staple(const std::string& path, const X509& certificate) {
  auto der = read_file(path);
  if (!der) return std::unexpected(std::move(der.error()));
  const auto invalid = [&](const char* why) { return base::fail(base::ErrorKind::invalid, path + ": " + why); };
  const auto* bytes = reinterpret_cast<const unsigned char*>(der->data());
  const ResponsePtr response(
      der->size() > largest ? nullptr : d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der->size())));
  const BasicPtr basic(response ? OCSP_response_get1_basic(response.get()) : nullptr);
  ERR_clear_error();
  if (!response) return invalid("no OCSP response in DER");
  if (!basic) return invalid("the OCSP response says no more than that it failed");
  for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
    if (!is_about(single, certificate)) continue;
    int reason = 0;
    ASN1_GENERALIZEDTIME* next = nullptr;
    const int status = OCSP_single_get0_status(single, &reason, nullptr, nullptr, &next);
    if (status != V_OCSP_CERTSTATUS_GOOD) return invalid("the OCSP response does not say that the certificate is good");
    Staple staple{.der = std::move(*der), .until = {}};
    if (next != nullptr) staple.until = time_of(next);
    return staple;
  }
  return invalid("the OCSP response is about another certificate");
}

}  // namespace godwit::net
