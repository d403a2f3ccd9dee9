// SPDX-License-Identifier: Apache-2.0
// The inside of ClientSession.  Opening (greeting to STARTTLS) is in client_session_opening.cpp, AUTH in
// client_session_auth.cpp, the rest in client_session_machine.cpp, one transaction in client_transfer.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client_transfer.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::smtp {

class ClientSession::Machine {
 public:
  explicit Machine(const ClientSettings& settings) : settings_(settings) {}

  const std::vector<ClientAction>& next(const ClientEvent& event);
  const PeerCapabilities& capabilities() const { return capabilities_; }
  const std::optional<TlsInfo>& tls() const { return tls_; }
  Stage stage() const;

 private:
  enum class State {
    connecting,
    greeting,
    ehlo,
    helo,
    starttls,   // the reply to STARTTLS
    tls,        // the handshake, by the driver
    auth,       // the verdict on our credentials
    auth_user,  // LOGIN: the question for the name
    auth_password,
    auth_challenge,  // SCRAM: the server's nonce and salt
    auth_keys,       // … are made into keys, by the driver
    auth_proof,      // … the server proves that it has them too
    idle,
    transfer,  // a command's reply, or the final dot's
    body,      // being sent by the driver
    clearing,  // a reply that means nothing, before the next transaction
    quitting,
    closed,
  };

  void on(const client_event::Connected&);
  void on(const client_event::Bytes& event);
  void on(const client_event::TlsReady& event);
  void on(const client_event::TlsFailed& event);
  void on(const client_event::Transaction& event);
  void on(const client_event::BodySent&);
  void on(const client_event::BodyFailed& event);
  void on(const client_event::KeysMade& event);
  void on(const client_event::TimedOut&);
  void on(const client_event::PeerClosed&);
  void on(const client_event::Quit&);

  void take_replies();
  void take(const Reply& reply);
  void wait();
  bool waits_for_reply() const;
  base::Duration deadline() const;

  // opening
  void take_greeting(const Reply& reply);
  void take_hello(const Reply& reply);
  void take_starttls(const Reply& reply);
  void say_hello();
  void secure_or_go_on();
  void become_ready();

  // AUTH
  void authenticate();
  bool can_use(std::string_view mechanism) const;
  void begin_mechanism(const std::string& mechanism);
  ScramChannel channel(std::string_view mechanism) const;
  void take_auth(const Reply& reply);
  void take_challenge(const Reply& reply);
  void take_proof(const Reply& reply);
  void take_refusal(const Reply& reply);

  // transactions
  void begin_transfer();
  void perform(ClientTransfer::Want want);
  void finish_transfer();

  // ending
  enum class Farewell { quit, none };
  void fail(RecipientResult cause, Farewell farewell);
  void lost(std::string_view why);
  void settle(const RecipientResult& cause);
  void close(client_action::Close close);
  std::optional<Reply> pending_refusal();

  const ClientSettings& settings_;
  State state_ = State::connecting;
  std::vector<ClientAction> actions_;
  std::string input_;  // not yet read by reader_
  std::string out_;    // goes into one Send
  ReplyReader reader_;
  bool reply_taken_ = false;  // in this batch
  bool ready_due_ = false;    // Ready follows the last Send

  PeerCapabilities capabilities_;
  std::optional<TlsInfo> tls_;
  bool starttls_refused_ = false;
  std::optional<ScramClient> scram_;
  ScramClient::Question question_;
  std::optional<ClientTransaction> waiting_;
  std::optional<ClientTransfer> transfer_;
  client_action::Close close_;  // while quitting: how it will end
};

}  // namespace godwit::smtp
