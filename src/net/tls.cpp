// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/tls.hpp"

#include <utility>

#include "client_authorities.hpp"
#include "own_handshake.hpp"
#include "tls_client_context.hpp"
#include "tls_server_context.hpp"
#include "tls_stream.hpp"

namespace godwit::net {

Task<std::unique_ptr<Stream>> tls_accept(std::unique_ptr<Stream> lower, std::shared_ptr<const TlsServerContext> context,
                                         base::MonoTime deadline) {
  return tls_accept(std::move(lower), std::move(context), deadline, nullptr);
}

Task<std::unique_ptr<Stream>> tls_accept(std::unique_ptr<Stream> lower, std::shared_ptr<const TlsServerContext> context,
                                         base::MonoTime deadline,
                                         std::shared_ptr<const ClientAuthorities> authorities) {
  if (auto* own = dynamic_cast<OwnHandshake*>(lower.get())) {
    own->shake_hands();
    co_return std::move(lower);
  }
  SslPtr session(SSL_new(context->implementation().standard()));
  if (!session) co_return base::fail(base::ErrorKind::exhausted, "TLS: " + take_openssl_error());
  SSL_set_accept_state(session.get());
  if (authorities) authorities->implementation().ask(*session);
  auto stream = std::make_unique<TlsStream>(std::move(lower), std::move(session));
  auto done = co_await stream->handshake(deadline);
  if (!done) co_return std::unexpected(std::move(done.error()));
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Task<std::unique_ptr<Stream>> tls_connect(std::unique_ptr<Stream> lower,
                                          std::shared_ptr<const TlsClientContext> context, TlsClientOptions options,
                                          base::MonoTime deadline) {
  auto session = context->implementation().start(options);
  if (!session) co_return std::unexpected(std::move(session.error()));
  auto stream = std::make_unique<TlsStream>(std::move(lower), std::move(*session));
  auto done = co_await stream->handshake(deadline);
  if (!done) co_return std::unexpected(std::move(done.error()));
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace godwit::net
