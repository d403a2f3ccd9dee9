// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/openssl.hpp"

#include <cstring>

#include <fmt/format.h>
#include <openssl/err.h>

namespace godwit::net {

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  if (ERR_SYSTEM_ERROR(code)) {
    const char* text = ::strerrordesc_np(ERR_GET_REASON(code));
    return text != nullptr ? text : "system error";
  }
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:08x}", code);
}

}  // namespace godwit::net
