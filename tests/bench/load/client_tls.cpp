// SPDX-License-Identifier: Apache-2.0
#include "client_tls.hpp"

#include <stdexcept>

namespace godwit::bench {

ClientTls::ClientTls(Resumption resumption) : context_(SSL_CTX_new(TLS_client_method())), resumption_(resumption) {
  if (!context_) throw std::runtime_error("TLS: " + net::take_openssl_error());
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context_.get(), 1);
  SSL_CTX_set_app_data(context_.get(), this);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_.get(), &keep);
}

// TLS 1.3 gives sessions after the handshake, as tickets.
int ClientTls::keep(SSL* ssl, SSL_SESSION* session) {
  auto& self = *static_cast<ClientTls*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (self.resumption_ == Resumption::never) return 0;
  self.latest_.reset(session);
  return 1;
}

net::SslPtr ClientTls::begin(int socket) {
  net::SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) throw std::runtime_error("TLS: " + net::take_openssl_error());
  SSL_set_connect_state(ssl.get());
  if (latest_) {
    // OpenSSL takes a session that was resumed for spent.
    const SessionPtr copy(SSL_SESSION_dup(latest_.get()));
    SSL_set_session(ssl.get(), copy.get());
  }
  return ssl;
}

void ClientTls::count(const SSL& done) {
  ++handshakes_;
  if (SSL_session_reused(&done) == 1) ++resumed_;
}

}  // namespace godwit::bench
