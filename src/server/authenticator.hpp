// SPDX-License-Identifier: Apache-2.0
// The AUTH of one connection: hands what the client says to the verifier, and its answers back as events.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/verifier.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::server {

class Authenticator {
 public:
  // Null: no accounts, and nothing is asked.  Both outlive it.
  Authenticator(auth::Verifier* verifier, log::Logger& log) : verifier_(verifier), log_(log) {}

  // Empty: the client is gone.
  using Answer = std::optional<smtp::ServerEvent>;
  boost::asio::awaitable<Answer> verify(smtp::action::Authenticate credentials, auth::Peer peer);
  boost::asio::awaitable<Answer> exchange(smtp::action::Exchange said, auth::Peer peer, const net::TlsInfo* tls);

 private:
  Answer conclude(const auth::AuthOutcome& outcome, const std::string& user, const base::IpAddress& client);

  auth::Verifier* verifier_;
  log::Logger& log_;
  std::string mechanism_;
  std::unique_ptr<auth::Exchange> exchange_;
};

}  // namespace godwit::server
