// SPDX-License-Identifier: Apache-2.0
// The AUTH of one connection: hands what the client says to the verifier and its answers back as events, and counts
// failures.  A client that is locked out is told so before anything is verified.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/lockouts.hpp"
#include "godwit/auth/verifier.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/net/client_authorities.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/server/settings.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::server {

class Authenticator {
 public:
  // Null verifier: no accounts, and nothing is asked.  All outlive it.
  Authenticator(auth::Verifier* verifier, auth::Lockouts* lockouts, const base::Clock& clock, log::Logger& log)
      : verifier_(verifier), lockouts_(lockouts), clock_(clock), log_(log) {}

  struct Answer {
    std::optional<smtp::ServerEvent> event = {};  // empty: the client is gone
    base::Duration wait{};                        // at least so long after the question
  };
  boost::asio::awaitable<Answer> verify(smtp::action::Authenticate credentials, auth::Peer peer);
  boost::asio::awaitable<Answer> exchange(smtp::action::Exchange said, auth::Peer peer, const net::TlsInfo* tls);

  struct Certified {
    std::string account = {};  // empty: none
    std::optional<smtp::Reply> refusal = {};
  };
  // Of a session on a listener that asks for certificates.  Logs who is recognized, and why somebody is not.
  boost::asio::awaitable<Certified> certify(net::TlsInfo tls, net::PeerNames names, ClientCertificateSettings settings,
                                            auth::Peer peer);

  const std::string& mechanism() const { return mechanism_; }  // of the last AUTH; empty: there was none

  // Whether the store of who has logged in lets it use this sender.
  bool may_send_as(const std::string& account, const smtp::Mailbox& sender) const {
    return account == account_ && auth::may_send_as(account_, senders_, sender);
  }

 private:
  bool is_locked_out(const std::string& user, const base::IpAddress& client);
  Answer conclude(const auth::AuthOutcome& outcome, const std::string& user, const base::IpAddress& client);
  Answer succeed(const auth::AuthOutcome& outcome, const std::string& user, const base::IpAddress& client);
  Answer fail(const auth::AuthOutcome& outcome, const std::string& user, const base::IpAddress& client);
  Answer refuse(const std::string& user, const base::IpAddress& client);
  Certified turn_down(const net::TlsInfo& tls, const base::IpAddress& client, std::string_view why, bool required,
                      std::optional<smtp::Reply> reply = {});
  void log_failure(const std::string& user, const base::IpAddress& client, std::string_view reason);

  auth::Verifier* verifier_;
  auth::Lockouts* lockouts_;
  const base::Clock& clock_;
  log::Logger& log_;
  std::string mechanism_;
  std::string account_;               // that has logged in
  std::vector<std::string> senders_;  // of its store
  std::unique_ptr<auth::Exchange> exchange_;
};

}  // namespace godwit::server
