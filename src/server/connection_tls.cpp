// SPDX-License-Identifier: Apache-2.0
// The handshake of a connection, and who its client is by its certificate.
#include <algorithm>
#include <utility>

#include "connection.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;

constexpr base::Duration handshake_timeout = std::chrono::seconds(60);

}  // namespace

bool Connection::is_implicit() const {
  return listener_.tls == smtp::TlsMode::implicit;
}

// Of a certificate that the daemon still gets for itself.  Without one port 25 does what it can; a user would be told
// that his login, or he himself, is not known here.
bool Connection::lacks_certificate() const {
  const bool needs_one = is_implicit() || listener_.service == smtp::Service::submission;
  return needs_one && listener_.tls != smtp::TlsMode::none && !rules_->tls;
}

// The handshake of implicit TLS.  It counts as a connection from its first byte.
boost::asio::awaitable<bool> Connection::secure() {
  if (handed_in_ != nullptr && !handed_in_->who.account.empty()) {
    // It has shown who it is: as for who has a certificate, nothing is left to say for AUTH.
    const auto& who = handed_in_->who;
    session_.next(event::TlsReady{{.version = who.tls_version,
                                   .cipher = who.tls_cipher,
                                   .peer_subject = who.account,
                                   .channel_binding = {},
                                   .server_name = {}}});
  } else if (handed_in_ == nullptr && lacks_certificate()) {
    auto refusal = smtp::make_reply(421, {4, 3, 2}, "There is no certificate yet, try again later");
    co_await refuse(std::move(refusal));
    co_return false;
  }
  if (!is_implicit()) co_return true;
  std::string nothing;  // named: GCC 12 destroys temporaries that a coroutine takes twice
  auto outcome = co_await start_tls(std::move(nothing));
  const bool secured = outcome && std::holds_alternative<event::TlsReady>(*outcome);
  if (secured) session_.next(*outcome);
  co_return secured;
}

// `ready`: said before, in the clear; empty: TLS from the first byte.
boost::asio::awaitable<Connection::Event> Connection::start_tls(std::string ready) {
  if (auto refusal = limit(policy::Limited::handshakes)) {
    around_.log.warn("tls_failed",
                     {{"client", sender_.client_address}, {"reason", "too many handshakes in a short time"}});
    if (ready.empty()) co_return event::PeerClosed{};
    // And closed, lest it go on in the clear.
    co_return event::Answer{*std::move(refusal)};
  }
  output_ += ready;
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  const auto deadline =
      around_.network.now() + std::min<base::Duration>(session_settings_.command_timeout, handshake_timeout);
  handshaking_ = stream_.get();
  auto authorities = client_authorities();
  const bool asks = authorities != nullptr;
  auto secured = co_await net::tls_accept(std::move(stream_), rules_->tls, deadline, std::move(authorities));
  handshaking_ = nullptr;
  if (!secured) {
    stream_ = net::closed_stream();
    around_.log.warn("tls_failed",
                     {{"client", base::to_string(sender_.client.address)}, {"reason", secured.error().message}});
    co_return event::PeerClosed{};
  }
  stream_ = std::move(*secured);
  auto info = tls_info();
  if (asks) {
    const bool good = co_await certify(info);
    if (!good) co_return event::PeerClosed{};
  }
  co_return event::TlsReady{std::move(info)};
}

// Who the client is by its certificate; false: it is not let in (RFC 3207 section 4.1), and was told so.
boost::asio::awaitable<bool> Connection::certify(smtp::TlsInfo& info) {
  auto shown = *stream_->tls_info();
  auto names = net::peer_names(*stream_);
  auto settings = listener_.client_certificates;
  auto who = peer();
  auto certified =
      co_await authenticator().certify(std::move(shown), std::move(names), std::move(settings), std::move(who));
  if (certified.refusal) {
    output_ = to_wire(*certified.refusal);
    co_await flush();
    stream_->shutdown();
    co_return false;
  }
  sender_.client.account = certified.account;
  info.peer_subject = std::move(certified.account);
  co_return true;
}

std::shared_ptr<const net::ClientAuthorities> Connection::client_authorities() const {
  if (around_.verifier == nullptr) return nullptr;
  const auto found = rules_->client_authorities.find(listener_.client_certificates.ca_file);
  return found != rules_->client_authorities.end() ? found->second : nullptr;
}

std::optional<smtp::TlsInfo> Connection::shown_tls() const {
  const auto& tls = session_.tls();
  return tls && !tls->version.empty() ? tls : std::nullopt;
}

smtp::TlsInfo Connection::tls_info() const {
  const auto info = stream_->tls_info();
  if (!info) return {};
  const bool binds = rules_->settings.channel_binding;
  return {.version = info->version,
          .cipher = info->cipher,
          .peer_subject = {},
          .channel_binding = binds ? info->channel_binding : std::string(),
          .server_name = info->server_name,
          .end_point = binds ? info->end_point : std::string()};
}

}  // namespace godwit::server
