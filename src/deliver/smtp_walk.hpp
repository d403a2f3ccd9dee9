// SPDX-License-Identifier: Apache-2.0
// One attempt's walk over the hosts of a hop, for the agent that it belongs to.  Lives in the frame of the coroutine
// that awaits run(); private to deliver/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "connect_race.hpp"
#include "connection_cache.hpp"
#include "godwit/deliver/smtp_agent.hpp"
#include "smtp_attempt.hpp"
#include "smtp_connection.hpp"

namespace godwit::deliver {

class SmtpAgent::Walk {
 public:
  Walk(SmtpAgent& agent, Job job, route::SmtpHop hop, smtp::ClientProtocol protocol)
      : agent_(agent),
        settings_(agent.settings_),
        tls_(agent.tls_),
        job_(std::move(job)),
        hop_(std::move(hop)),
        protocol_(protocol),
        book_(job_.recipients.size()) {}

  boost::asio::awaitable<Outcomes> run();

 private:
  using Addresses = std::vector<base::Endpoint>;
  struct Place {
    const route::Host* host = nullptr;
    base::Endpoint address;
  };

  void prefer_kept();
  ConnectionKey key_of(const route::Host& host, const base::Endpoint& address, smtp::ClientTls tls) const;
  bool check(const route::Host& host);
  boost::asio::awaitable<void> try_host(const route::Host& host, Addresses addresses);
  boost::asio::awaitable<bool> try_kept(const route::Host& host, Addresses& addresses);
  boost::asio::awaitable<void> try_new(const route::Host& host, Addresses& addresses, smtp::ClientTls tls);
  void make_room();
  boost::asio::awaitable<void> try_changed();
  boost::asio::awaitable<bool> allow_change();
  boost::asio::awaitable<RaceResult> connect(const route::Host& host, const Addresses& addresses);
  std::unique_ptr<SmtpConnection> greet(std::unique_ptr<net::Stream> stream, const route::Host& host,
                                        const ConnectionKey& key) const;
  boost::asio::awaitable<bool> use(std::unique_ptr<SmtpConnection> connection, const ConnectionKey& key,
                                   const route::Host& host, bool reused, bool& again_in_clear);
  boost::asio::awaitable<SmtpConnection::Ended> transact(SmtpConnection& connection);
  void note(const SmtpConnection::Ended& ended, const SmtpConnection& connection, const std::string& relay);
  void tell_delivered(const std::vector<std::size_t>& asked) const;
  std::vector<smtp::RecipientResult> as_demanded(std::vector<smtp::RecipientResult> results) const;
  void note(std::string_view remark);
  void tell(std::optional<TlsSession> session) const;
  std::size_t most_messages(const SmtpConnection& connection) const;
  static std::size_t most_transactions(const smtp::PeerCapabilities& peer);
  smtp::ClientTransaction transaction() const;
  std::optional<mail::DsnSuccess> success_at(const SmtpConnection& connection) const;
  const SourceAddress* source_for(const base::Endpoint& remote) const;
  smtp::ClientSettings client_settings(const ConnectionKey& key) const;

  SmtpAgent& agent_;
  const Settings settings_;  // as they were when the attempt began
  std::shared_ptr<const net::TlsClientContext> tls_;
  Job job_;
  route::SmtpHop hop_;
  smtp::ClientProtocol protocol_;
  SmtpAttempt book_;
  smtp::ClientTransaction::Conversion conversion_ = smtp::ClientTransaction::Conversion::refuse;
  std::vector<Place> lacking_;  // where the message would have to be changed
  bool lacks_ = false;          // … as was seen last
};

}  // namespace godwit::deliver
