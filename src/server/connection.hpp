// SPDX-License-Identifier: Apache-2.0
// Drives one server session over one stream: performs its actions in order and feeds back what became of them.  Lives
// and dies on one reactor, as one coroutine at a time.  Most connections wait for their client most of the time, and an
// idle one holds little: what belongs to a transaction or a login is made when it is needed, and when its client is
// silent it is parked, without a coroutine.  connection_client.cpp: who the client is; connection_read.cpp: the wait
// for its words; connection_transaction.cpp: what the rules say to its mail; connection_limits.cpp: how much it may do;
// connection_checks.cpp: what the checks of the configuration say; connection_milters.cpp: what milters say;
// connection_alterations.cpp: what rules change of it;
// connection_log.cpp: what the log says of all that.
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
#include "handed_in.hpp"
#include "receiver.hpp"

namespace godwit::server {

class Connection {
 public:
  // `listener`, `surroundings` and `handed_in` outlive it.  handed_in: null, or who speaks and what it wants to know.
  Connection(std::unique_ptr<net::Stream> stream, std::shared_ptr<const Rules> rules, const ListenerSettings& listener,
             Surroundings& surroundings, HandedIn* handed_in = nullptr);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until the connection is over, or is parked: nothing is to be done until the client says something, or nothing for
  // too long.  Of a stream that cannot park, it never is.
  boost::asio::awaitable<void> run();
  bool is_parked() const { return parked_; }
  // Calls `then`, once, when run() is to be called again.
  void park(net::Stream::Wake then);
  // The session says 421 at the next moment where it may.
  void stop_gently();
  void cancel();

 private:
  using Event = std::optional<smtp::ServerEvent>;

  boost::asio::awaitable<bool> learn_client();
  boost::asio::awaitable<bool> name_user();
  void decide_trust();
  boost::asio::awaitable<bool> wait_to_greet();
  bool is_limited(policy::Limited what) const;
  policy::Limits::Who limited_as(const smtp::ReversePath& sender) const;
  policy::Limits::Who limited_to(const smtp::Mailbox& recipient) const;
  std::optional<smtp::Reply> limit(policy::Limited what);
  std::optional<smtp::Reply> limit_sender(const smtp::ReversePath& sender);
  std::optional<smtp::Reply> limit_recipient(const smtp::Mailbox& recipient);
  std::optional<smtp::Reply> limit_mailbox(const smtp::Mailbox& recipient);
  void count_bytes(const smtp::ServerEvent& end);
  boost::asio::awaitable<bool> secure();
  boost::asio::awaitable<bool> read_proxy_header();
  boost::asio::awaitable<bool> refuse_if_too_many();
  boost::asio::awaitable<void> refuse(smtp::Reply refusal);
  boost::asio::awaitable<bool> begin();
  boost::asio::awaitable<void> converse();
  boost::asio::awaitable<Event> perform(const smtp::ServerAction& action);
  boost::asio::awaitable<Event> send(const smtp::action::Send& action);
  boost::asio::awaitable<Event> read();
  boost::asio::awaitable<Event> await_input();
  void begin_read();
  void end_read(std::size_t bytes);
  Event input_ended(base::ErrorKind why);
  base::MonoTime end_of_moment() const;
  net::Pace& data_pace();
  boost::asio::awaitable<Event> start_tls(std::string ready);
  boost::asio::awaitable<Event> authenticate(smtp::action::Authenticate action);
  boost::asio::awaitable<Event> exchange(smtp::action::Exchange said);
  auth::Peer peer() const;
  boost::asio::awaitable<void> pause_until(base::MonoTime until);
  base::Duration due_wait(std::optional<policy::Tarpit::Place>& place);
  Authenticator& authenticator();
  Event logged_in(Authenticator::Answer answer);
  Receiver& receiver();
  smtp::ReversePath sender() const;        // of the transaction; empty where there is none
  smtp::ReversePath given_sender() const;  // before rules changed it
  boost::asio::awaitable<Event> commit();
  boost::asio::awaitable<std::optional<smtp::Reply>> ask_before_commit();
  bool may_send_as(const std::string& account, const smtp::Mailbox& from) const;
  void log_accepted(base::MessageId id);
  void log_envelope(const std::string& identity);
  void log_checked(const std::string& identity, const policy::Opinion& opinion);
  void log_not_taken(const smtp::event::Refused& refused);
  boost::asio::awaitable<bool> flush();
  std::optional<smtp::Reply> check_sender(const smtp::ReversePath& sender);
  boost::asio::awaitable<std::optional<smtp::Reply>> begin_transaction(smtp::action::CheckSender asked,
                                                                       Schedule schedule);
  boost::asio::awaitable<base::Result<smtp::ReversePath>> rewritten_sender(smtp::ReversePath sender);
  policy::MailOrigin origin() const;
  // With a domain.  Errors: a table cannot be asked.
  boost::asio::awaitable<base::Result<smtp::Mailbox>> rewritten(smtp::Mailbox address, bool is_sender);
  smtp::Reply cannot_rewrite(const smtp::Mailbox& address, const base::Error& error);
  Alterations alterations() const;
  policy::Milters* milters();  // null: there are none
  void make_milters();
  boost::asio::awaitable<bool> meet_milters();
  boost::asio::awaitable<Event> ask_about_sender(smtp::action::CheckSender asked);
  boost::asio::awaitable<void> ask_about_recipient(smtp::Mailbox recipient, std::optional<smtp::Reply>& refusal);
  boost::asio::awaitable<std::optional<smtp::Reply>> begin_filtering();
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
  void end_transaction();  // for whoever judges mail; its message was taken or not
  bool guesses(const smtp::Reply& refusal);
  std::optional<smtp::Reply> stop_refusal() const;  // of the account, by the breaker
  boost::asio::awaitable<Event> look_up(smtp::action::LookUp asked);
  Event start_queue(const smtp::action::StartQueue& asked);
  boost::asio::awaitable<Event> tell_unknown(smtp::action::TellUnknown told);
  Event speak_for(const smtp::ClaimedClient& claim);
  bool is_implicit() const;  // TLS from the first byte
  bool lacks_certificate() const;
  bool is_local() const { return listener_.service == smtp::Service::local; }
  policy::LocalUser local_user() const { return {.name = sender_.client.user, .is_trusted = is_trusted_user_}; }
  std::optional<mail::HeaderFixes> header_fixes() const;
  void name_submitter(const policy::LocalUser& user, mail::HeaderFixes& fixes) const;
  void name_submitter(const std::string& account, mail::HeaderFixes& fixes) const;
  boost::asio::awaitable<bool> certify(smtp::TlsInfo& info);
  smtp::TlsInfo tls_info() const;
  std::optional<smtp::TlsInfo> shown_tls() const;                            // to those who judge mail
  std::shared_ptr<const net::ClientAuthorities> client_authorities() const;  // null: none is asked for a certificate
  void log_refusal(std::string_view stage, const smtp::Reply& reply, const std::string& to);
  void log_refusal(std::string_view stage, const smtp::Reply& reply, const std::string& to,
                   const smtp::ReversePath& from);
  void log_with_checks(log::Level level, std::string_view event, std::vector<log::Field> fields);
  void log_end(smtp::action::Close::Reason reason);

  std::unique_ptr<net::Stream> stream_;
  net::Stream* handshaking_ = nullptr;  // while a handshake has taken stream_ over
  std::shared_ptr<const Rules> rules_;
  const ListenerSettings& listener_;
  Surroundings& around_;
  HandedIn* const handed_in_;
  std::optional<policy::ConnectionLimits::Place> place_;
  smtp::SessionSettings session_settings_;
  smtp::ServerSession session_;
  Sender sender_;
  std::unique_ptr<policy::Milters> milters_;
  std::unique_ptr<Receiver> receiver_;            // of the transaction
  std::unique_ptr<policy::CheckChain> checks_;    // from the first recipient on
  std::unique_ptr<Authenticator> authenticator_;  // from the first login on
  std::unique_ptr<net::Signal> pause_;            // while an answer is held back
  std::string output_;
  std::uint64_t commands_seen_ = 0;     // that due_wait() has counted
  int errors_seen_ = 0;                 // likewise
  uid_t user_id_ = 0;                   // of service local
  std::size_t refused_recipients_ = 0;  // for good, since the last message
  smtp::action::Read open_read_;
  base::MonoTime read_deadline_{};  // of the command or the piece of data that is awaited
  base::MonoTime read_since_{};
  base::MonoTime read_until_{};
  base::Duration spent_{};         // waiting for commands, since the last message
  std::optional<net::Pace> pace_;  // of the message that is being received
  bool progressed_ = true;         // the session did more than ask for further bytes since the last read
  bool begun_ = false;             // run() was called
  bool parked_ = false;
  bool sends_mail_ = false;       // or has begun to
  bool waiting_ = false;          // for input: a gentle stop may cancel the wait
  bool is_trusted_user_ = false;  // of service local
  bool stopping_ = false;
  bool told_stopping_ = false;
  bool closed_ = false;
};

}  // namespace godwit::server
