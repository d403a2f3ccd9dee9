// SPDX-License-Identifier: Apache-2.0
// Drives one server session over one stream: performs its actions in order and feeds back what became of them.  Lives
// and dies on one reactor, as one coroutine.  connection_client.cpp: who the client is;
// connection_transaction.cpp: what the rules say to its mail; connection_checks.cpp: what the checks of the
// configuration say; connection_milters.cpp: what milters say; connection_log.cpp: what the log says of all that.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "authenticator.hpp"
#include "godwit/net/pace.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/policy/check_chain.hpp"
#include "godwit/policy/local_user.hpp"
#include "godwit/policy/milters.hpp"
#include "godwit/server/server.hpp"
#include "receiver.hpp"

namespace godwit::server {

class Connection {
 public:
  Connection(std::unique_ptr<net::Stream> stream, std::shared_ptr<const Rules> rules, ListenerSettings listener,
             Surroundings& surroundings);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until the connection is over.
  boost::asio::awaitable<void> run();
  // The session says 421 at the next moment where it may.
  void stop_gently();
  void cancel();

 private:
  using Event = std::optional<smtp::ServerEvent>;

  boost::asio::awaitable<bool> learn_client();
  boost::asio::awaitable<bool> name_user();
  void decide_trust();
  boost::asio::awaitable<bool> wait_to_greet();
  bool is_rated(policy::Rated what) const;
  bool is_within_rate(policy::Rated what);
  boost::asio::awaitable<bool> secure();
  boost::asio::awaitable<bool> read_proxy_header();
  boost::asio::awaitable<bool> refuse_if_too_many(std::optional<policy::ConnectionLimits::Place>& place);
  boost::asio::awaitable<void> refuse(smtp::Reply refusal);
  boost::asio::awaitable<void> converse();
  boost::asio::awaitable<Event> perform(const smtp::ServerAction& action);
  boost::asio::awaitable<Event> send(const smtp::action::Send& action);
  boost::asio::awaitable<Event> read(smtp::action::Read reading);
  net::Pace& data_pace(const smtp::action::Read& reading);
  boost::asio::awaitable<Event> start_tls(std::string ready);
  boost::asio::awaitable<Event> authenticate(smtp::action::Authenticate action);
  boost::asio::awaitable<Event> exchange(smtp::action::Exchange said);
  auth::Peer peer() const;
  boost::asio::awaitable<void> pause_until(base::MonoTime until);
  base::Duration due_wait(std::optional<policy::Tarpit::Place>& place);
  Event logged_in(Authenticator::Answer answer);
  boost::asio::awaitable<Event> commit();
  void log_accepted(base::MessageId id);
  void log_not_taken(const smtp::event::Refused& refused);
  boost::asio::awaitable<bool> flush();
  Event check_sender(const smtp::action::CheckSender& action);
  policy::Milters* milters();  // null: there are none
  void make_milters();
  boost::asio::awaitable<bool> meet_milters();
  boost::asio::awaitable<Event> ask_about_sender(smtp::action::CheckSender asked);
  boost::asio::awaitable<void> ask_about_recipient(smtp::Mailbox recipient, std::optional<smtp::Reply>& refusal);
  boost::asio::awaitable<std::optional<smtp::Reply>> begin_filtering();
  void end_filtering();
  std::unique_ptr<policy::MessageInspection> inspection_of(const smtp::ReversePath& sender, smtp::BodyType body) const;
  boost::asio::awaitable<Event> check_recipient(smtp::action::CheckRecipient asked);
  boost::asio::awaitable<policy::RecipientDecision> decide_recipient(smtp::Mailbox recipient);
  boost::asio::awaitable<std::optional<smtp::Reply>> check_policy(smtp::Mailbox recipient);
  boost::asio::awaitable<std::optional<smtp::Reply>> check_data(policy::Facts& known);
  boost::asio::awaitable<Event> begin_message(smtp::action::BeginMessage begun);
  Event refuse_message(smtp::Reply refusal);
  policy::CheckChain* checks();  // null: nothing is checked
  policy::Facts facts() const;
  bool is_stranger() const;
  void end_checks();
  bool guesses(const smtp::Reply& refusal);
  std::optional<smtp::Reply> stop_refusal() const;  // of the account, by the breaker
  boost::asio::awaitable<Event> look_up(smtp::action::LookUp asked);
  Event start_queue(const smtp::action::StartQueue& asked);
  Event speak_for(const smtp::ClaimedClient& claim);
  bool is_implicit() const;  // TLS from the first byte
  bool is_local() const { return listener_.service == smtp::Service::local; }
  std::optional<mail::HeaderFixes> header_fixes() const;
  void name_submitter(const policy::LocalUser& user, mail::HeaderFixes& fixes) const;
  void name_submitter(const std::string& account, mail::HeaderFixes& fixes) const;
  boost::asio::awaitable<bool> certify(smtp::TlsInfo& info);
  smtp::TlsInfo tls_info() const;
  std::shared_ptr<const net::ClientAuthorities> client_authorities() const;  // null: none is asked for a certificate
  void log_refusal(std::string_view stage, const smtp::Reply& reply, const std::string& to);
  void log_with_checks(log::Level level, std::string_view event, std::vector<log::Field> fields);
  void log_end(smtp::action::Close::Reason reason);

  std::unique_ptr<net::Stream> stream_;
  net::Stream* handshaking_ = nullptr;  // while a handshake has taken stream_ over
  std::shared_ptr<const Rules> rules_;
  ListenerSettings listener_;
  Surroundings& around_;
  smtp::SessionSettings session_settings_;
  smtp::ServerSession session_;
  Sender sender_;
  policy::LocalUser user_;  // of service local
  uid_t user_id_ = 0;       // likewise
  std::unique_ptr<policy::Milters> milters_;
  Receiver receiver_;
  std::unique_ptr<policy::CheckChain> checks_;  // from the first recipient on
  Authenticator authenticator_;
  std::string mechanism_;               // of the last AUTH
  std::unique_ptr<net::Signal> pause_;  // while an answer is held back
  std::string output_;
  std::uint64_t commands_seen_ = 0;     // that due_wait() has counted
  int errors_seen_ = 0;                 // likewise
  std::size_t refused_recipients_ = 0;  // for good, since the last message
  smtp::action::Read open_read_;
  base::MonoTime read_deadline_{};
  base::Duration spent_{};         // waiting for commands, since the last message
  std::optional<net::Pace> pace_;  // of the message that is being received
  bool progressed_ = true;         // the session did more than ask for further bytes since the last read
  bool waiting_ = false;           // in read(): a gentle stop may cancel the wait
  bool stopping_ = false;
  bool told_stopping_ = false;
  bool closed_ = false;
};

}  // namespace godwit::server
