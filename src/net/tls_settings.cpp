// SPDX-License-Identifier: Apache-2.0
#include "tls_settings.hpp"

#include <fmt/format.h>

namespace godwit::net {

base::Result<> apply_common_settings(SSL_CTX& context, std::string_view minimum_version) {
  int version = 0;
  if (minimum_version == "1.2") version = TLS1_2_VERSION;
  if (minimum_version == "1.3") version = TLS1_3_VERSION;
  if (version == 0)
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("TLS version \"{}\" is not known here (1.2 or 1.3)", minimum_version));
  SSL_CTX_set_min_proto_version(&context, version);
  SSL_CTX_set_options(&context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(&context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_read_ahead(&context, 1);                           // a record's header and body in one read of the socket
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);  // no lock between reactors; tickets need no cache
  return {};
}

}  // namespace godwit::net
