// SPDX-License-Identifier: Apache-2.0
// TLS of all connections of one generator: it verifies nobody.  If it shall resume, it resumes the session it was given
// last, as often as there is no newer one: servers differ in when they give one.  One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "godwit/net/openssl.hpp"

namespace godwit::bench {

class ClientTls {
 public:
  enum class Resumption { never, always };
  explicit ClientTls(Resumption resumption);
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;

  // A connection over the socket, before its handshake.
  net::SslPtr begin(int socket);
  void count(const SSL& done);

  std::uint64_t handshakes() const { return handshakes_; }
  std::uint64_t resumed() const { return resumed_; }

 private:
  static int keep(SSL* ssl, SSL_SESSION* session);

  using SessionPtr = std::unique_ptr<SSL_SESSION, net::Free<&SSL_SESSION_free>>;
  net::SslCtxPtr context_;
  SessionPtr latest_;
  Resumption resumption_;
  std::uint64_t handshakes_ = 0;
  std::uint64_t resumed_ = 0;
};

}  // namespace godwit::bench
