// SPDX-License-Identifier: Apache-2.0
// Drives one client session over one stream: performs its actions, feeds back what became of them.  No SMTP word here.
// Lives and dies on one reactor.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/deliver/agent.hpp"
#include "godwit/net/pace.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/smtp/client_session.hpp"
#include "tls_result.hpp"

namespace godwit::deliver {

// How TLS is done when the session asks for it.
struct TlsChoice {
  std::shared_ptr<const net::TlsClientContext> context;
  net::TlsClientOptions options;
};

class SmtpConnection {
 public:
  SmtpConnection(std::unique_ptr<net::Stream> stream, smtp::ClientSettings settings, TlsChoice tls,
                 net::Network& network, net::BoundedPool* proofs = nullptr);
  SmtpConnection(const SmtpConnection&) = delete;
  SmtpConnection& operator=(const SmtpConnection&) = delete;

  struct Ended {
    std::optional<std::vector<smtp::RecipientResult>> results;  // of the transaction, when it came so far
    std::optional<smtp::client_action::Close> closed;           // the connection is over
  };
  // One transaction.  The first one also greets.  Never throws; afterwards usable() says whether another may follow.
  // `transcript` gets what is said; null: it is not kept.
  boost::asio::awaitable<Ended> transact(smtp::ClientTransaction transaction, std::shared_ptr<Content> content,
                                         std::shared_ptr<Transcript> transcript = {});
  boost::asio::awaitable<void> quit();
  // What is being waited for, and everything later, ends at once as if the session had been told to quit.
  void cancel();

  bool usable() const { return ready_ && !closed_; }
  // The peer has spoken or gone while nothing was asked of it.
  bool disturbed();
  std::size_t transactions() const { return transactions_; }
  // "none", "TLSv1.3" (by whomever), "TLSv1.3 verified" (trusted, and of the right name), "TLSv1.3 dane".
  std::string tls_verdict() const;
  // Of its handshake, when it has served or failed.
  TlsFacts tls_facts() const;
  // Of its last EHLO.  With DSN it was told what the sender asked of reports, and answers for it.
  const smtp::PeerCapabilities& peer() const { return session_.capabilities(); }

 private:
  // Credentials are being exchanged.
  Transcript::Kind kind() const;
  void note(std::string_view remark);
  boost::asio::awaitable<void> greet();
  boost::asio::awaitable<void> feed(smtp::ClientEvent event);
  boost::asio::awaitable<std::optional<smtp::ClientEvent>> perform(const smtp::ClientAction& action);
  boost::asio::awaitable<std::optional<smtp::ClientEvent>> send(std::string_view bytes, base::MonoTime deadline);
  boost::asio::awaitable<std::optional<smtp::ClientEvent>> send_paced(std::string_view bytes, base::Duration wait,
                                                                      net::Pace& pace);
  smtp::ClientEvent unsent(const base::Error& error);
  std::span<char> input();
  boost::asio::awaitable<smtp::ClientEvent> read(smtp::client_action::Read reading);
  boost::asio::awaitable<smtp::ClientEvent> start_tls();
  boost::asio::awaitable<smtp::ClientEvent> make_keys(smtp::client_action::MakeKeys asked);
  boost::asio::awaitable<smtp::ClientEvent> send_body(smtp::client_action::SendBody sending);

  std::unique_ptr<net::Stream> stream_;
  net::Stream* handshaking_ = nullptr;  // while a handshake has taken stream_ over
  smtp::ClientSettings settings_;
  smtp::ClientSession session_;
  TlsChoice tls_;
  net::Network& network_;
  net::BoundedPool* proofs_;  // null: no keys can be made
  std::shared_ptr<Content> content_;
  std::shared_ptr<Transcript> transcript_;           // of the transaction under way
  smtp::BodyType body_ = smtp::BodyType::seven_bit;  // of the content
  std::unique_ptr<char[]> input_;                    // of what the peer says; null: nothing is read
  std::optional<smtp::ClientEvent> broken_;  // how the connection ended, while what the peer said before is looked at
  base::MonoTime reply_deadline_ = base::no_deadline;
  Ended ended_;
  TlsFacts tls_facts_;
  bool connected_ = false;
  bool ready_ = false;
  bool closed_ = false;
  std::size_t transactions_ = 0;
};

}  // namespace godwit::deliver
