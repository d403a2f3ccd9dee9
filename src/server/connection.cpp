// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/policy/inquiry.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;
namespace action = smtp::action;

smtp::SessionSettings session_settings(const Rules& rules, const ListenerSettings& listener,
                                       const auth::Verifier* verifier, base::WallTime now) {
  const bool submission = listener.service == smtp::Service::submission;
  const bool local = listener.service == smtp::Service::local;  // such programs know no bounds
  return {.hostname = rules.settings.hostname,
          .service = listener.service,
          .tls = rules.tls ? listener.tls : smtp::TlsMode::none,
          .offer_auth = submission && verifier != nullptr && verifier->offers_passwords(),
          .offer_scram = submission && verifier != nullptr && verifier->offers_scram(),
          .offer_bearer = submission && verifier != nullptr && verifier->offers_bearer(),
          .require_auth = submission,
          .vrfy = rules.settings.vrfy,
          .expn = rules.settings.expn,
          .tell_unknown = !rules.policy.milters.empty(),
          .longest_hold = rules.settings.future_release,
          .hold_until = now + rules.settings.future_release,
          .message_size = rules.settings.message_size,
          .recipients = rules.settings.recipients,
          .messages = local ? 0 : rules.settings.messages_per_connection,
          .recipient_domains = local ? 0 : rules.settings.recipient_domains,
          .errors = rules.settings.errors,
          .bare_newline = listener.bare_newline,
          .command_timeout = rules.settings.command_timeout,
          .transaction_timeout = rules.settings.transaction_timeout,
          .data_timeout = rules.settings.data_timeout,
          .min_data_rate = rules.settings.min_data_rate};
}

}  // namespace

Connection::Connection(std::unique_ptr<net::Stream> stream, std::shared_ptr<const Rules> rules,
                       const ListenerSettings& listener, Surroundings& surroundings, HandedIn* handed_in)
    : stream_(std::move(stream)),
      rules_(std::move(rules)),
      listener_(listener),
      around_(surroundings),
      handed_in_(handed_in),
      session_settings_(session_settings(*rules_, listener_, around_.verifier, around_.clock.wall())),
      session_(session_settings_) {
  sender_.hostname = rules_->settings.hostname;
  sender_.client = {.address = stream_->remote().address,
                    .service = listener_.service,
                    .can_be_trusted = true,
                    .account = handed_in_ != nullptr ? handed_in_->who.account : std::string(),
                    .user = {}};
  if (!sender_.client.account.empty()) sender_.protocol = "HTTP";
}

boost::asio::awaitable<void> Connection::run() {
  waiting_ = false;
  if (!std::exchange(begun_, true)) {
    const bool welcome = co_await begin();
    if (!welcome) co_return;
  }
  co_await converse();
}

// All that comes before the session; false: that was the end.
boost::asio::awaitable<bool> Connection::begin() {
  const bool known = co_await learn_client();
  if (!known) co_return false;
  const bool refused = co_await refuse_if_too_many();
  if (refused) co_return false;
  const bool named = co_await name_user();
  if (!named) co_return false;
  const bool patient = co_await wait_to_greet();
  if (!patient) co_return false;
  const bool ready = co_await secure();
  if (!ready) co_return false;
  const bool welcome = co_await meet_milters();
  if (!welcome) co_return false;
  around_.log.debug("connected",
                    {{"client", sender_.client_address}, {"listener", base::to_string(listener_.address)}});
  co_return true;
}

boost::asio::awaitable<void> Connection::converse() {
  Event next = event::Connected{};
  if (parked_) next = co_await await_input();
  while (next && !closed_) {
    const auto& actions = session_.next(*next);
    next.reset();
    // A session that has ended takes no more events: what it wanted last is done, though its reply may not leave.
    const bool ends = !actions.empty() && std::holds_alternative<action::Close>(actions.back());
    for (const auto& wanted : actions) {
      if (const auto* reading = std::get_if<action::Read>(&wanted)) {
        open_read_ = *reading;  // always the last
        break;
      }
      next = co_await perform(wanted);
      if (ends) next.reset();
      if (next || closed_) break;
    }
    if (next || closed_) continue;
    // Stopping may change nothing yet, in the middle of a message: then the read that it interrupted goes on.
    session_.rest();
    next = co_await read();
  }
  if (!parked_ && receiver_) receiver_->discard();
}

boost::asio::awaitable<Connection::Event> Connection::perform(const smtp::ServerAction& wanted) {
  progressed_ = true;
  if (const auto* sending = std::get_if<action::Send>(&wanted)) co_return co_await send(*sending);
  if (const auto* body = std::get_if<action::Body>(&wanted))
    co_return co_await receiver().body(body->bytes, sender_, session_);
  if (std::holds_alternative<action::Commit>(wanted)) co_return co_await commit();
  if (const auto* begin = std::get_if<action::BeginMessage>(&wanted)) co_return co_await begin_message(*begin);
  if (const auto* sender = std::get_if<action::CheckSender>(&wanted)) co_return co_await ask_about_sender(*sender);
  if (const auto* recipient = std::get_if<action::CheckRecipient>(&wanted))
    co_return co_await check_recipient(*recipient);
  if (const auto* credentials = std::get_if<action::Authenticate>(&wanted))
    co_return co_await authenticate(*credentials);
  if (const auto* said = std::get_if<action::Exchange>(&wanted)) co_return co_await exchange(*said);
  if (const auto* asked = std::get_if<action::LookUp>(&wanted)) co_return co_await look_up(*asked);
  if (const auto* started = std::get_if<action::StartQueue>(&wanted)) co_return start_queue(*started);
  if (const auto* told = std::get_if<action::TellUnknown>(&wanted)) co_return co_await tell_unknown(*told);
  if (const auto* claim = std::get_if<action::SpeakFor>(&wanted)) co_return speak_for(claim->client);
  if (const auto* tls = std::get_if<action::StartTls>(&wanted)) co_return co_await start_tls(tls->ready);
  if (std::holds_alternative<action::Discard>(wanted) && receiver_) receiver_->discard();
  if (std::holds_alternative<action::Reset>(wanted)) {
    receiver_.reset();
    end_transaction();
  }
  if (const auto* close = std::get_if<action::Close>(&wanted)) {
    co_await flush();
    stream_->shutdown();
    closed_ = true;
    log_end(close->reason);
  }
  co_return Event();
}

boost::asio::awaitable<bool> Connection::flush() {
  if (output_.empty()) co_return true;
  const std::string bytes = std::exchange(output_, {});
  auto sent = co_await net::write_all(*stream_, bytes, around_.network.now() + session_settings_.command_timeout);
  co_return sent.has_value();
}

boost::asio::awaitable<Connection::Event> Connection::send(const action::Send& sending) {
  output_ += sending.bytes;
  if (!sending.flush) co_return Event();
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  co_return Event();
}

boost::asio::awaitable<Connection::Event> Connection::authenticate(action::Authenticate credentials) {
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  auto who = peer();  // named: GCC 12 destroys temporaries that a coroutine takes twice
  const auto asked = around_.network.now();
  auto answer = co_await authenticator().verify(std::move(credentials), std::move(who));
  co_await pause_until(asked + answer.wait);
  co_return logged_in(std::move(answer));
}

boost::asio::awaitable<Connection::Event> Connection::exchange(action::Exchange said) {
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  auto who = peer();
  const auto asked = around_.network.now();
  const auto* bound_to = rules_->settings.channel_binding ? stream_->tls_info() : nullptr;
  auto answer = co_await authenticator().exchange(std::move(said), std::move(who), bound_to);
  co_await pause_until(asked + answer.wait);
  co_return logged_in(std::move(answer));
}

Authenticator& Connection::authenticator() {
  if (!authenticator_)
    authenticator_ = std::make_unique<Authenticator>(around_.verifier, around_.lockouts, around_.clock, around_.log);
  return *authenticator_;
}

// A client that hung up is noticed before its password is hashed.
auth::Peer Connection::peer() const {
  return {.address = sender_.client.address, .gone = stream_->hangup_probe()};
}

Connection::Event Connection::logged_in(Authenticator::Answer answer) {
  if (!answer.event) return event::PeerClosed{};
  if (const auto* result = std::get_if<event::AuthResult>(&*answer.event)) sender_.client.account = result->account;
  return std::move(answer.event);
}

boost::asio::awaitable<Connection::Event> Connection::look_up(action::LookUp asked) {
  const bool expands = asked.kind == action::LookUp::Kind::expand;
  auto inquiry =
      expands ? policy::expand(asked.mailbox, *rules_->router) : policy::verify(asked.mailbox, *rules_->router);
  auto reply = co_await std::move(inquiry);
  co_return event::Answer{std::move(reply)};
}

Connection::Event Connection::start_queue(const action::StartQueue& asked) {
  around_.log.info("queue_started", {{"client", sender_.client_address}, {"to", asked.domain}});
  around_.start_queue(asked.domain);
  return event::Answer{smtp::make_reply(250, {2, 0, 0}, "Queuing for " + asked.domain + " started")};
}

boost::asio::awaitable<Connection::Event> Connection::commit() {
  const auto began = around_.clock.mono();
  const bool sent = co_await flush();
  smtp::ServerEvent answer;
  auto stopped = stop_refusal();  // since its MAIL
  if (!stopped && handed_in_ != nullptr) stopped = co_await ask_before_commit();
  if (stopped)
    answer = event::Refused{.why = event::RefusedWhy::policy, .reply = std::move(stopped)};
  else
    answer = co_await receiver().commit(sender_, session_, [this] { return stream_->peer_finished(); });
  count_bytes(answer);
  if (const auto* committed = std::get_if<event::Committed>(&answer)) {
    spent_ = {};
    refused_recipients_ = 0;
    if (around_.accept_time != nullptr) around_.accept_time->add(around_.clock.mono() - began);
    log_accepted(committed->id);
    receiver_.reset();
  } else if (const auto* refused = std::get_if<event::Refused>(&answer)) {
    if (!receiver_->outage().empty())
      around_.log.warn("lookup_failed", {{"to", receiver_->asked_recipients()}, {"reason", receiver_->outage()}});
    if (handed_in_ != nullptr) handed_in_->spool_failed = refused->why == event::RefusedWhy::unhealthy;
    log_not_taken(*refused);
  }
  end_transaction();
  if (!sent) co_return event::PeerClosed{};
  co_return answer;
}

boost::asio::awaitable<std::optional<smtp::Reply>> Connection::ask_before_commit() {
  handed_in_->committing = receiver().id();
  if (!handed_in_->before_commit) co_return std::nullopt;
  auto accepted = receiver().asked();
  auto asking = handed_in_->before_commit(receiver().id(), std::move(accepted));
  const auto may_go_on = co_await std::move(asking);
  if (may_go_on) co_return std::nullopt;
  co_return smtp::make_reply(451, {4, 3, 0}, may_go_on.error().message);
}

Receiver& Connection::receiver() {
  const auto subject = rules_->settings.record_subjects ? HeaderScan::Subject::kept : HeaderScan::Subject::left_out;
  if (!receiver_) receiver_ = std::make_unique<Receiver>(around_.spool, around_.clock, subject);
  return *receiver_;
}

smtp::ReversePath Connection::sender() const {
  return receiver_ ? receiver_->sender() : smtp::ReversePath();
}

smtp::ReversePath Connection::given_sender() const {
  auto sender = session_.sender();
  if (sender) sender = rules_->router->complete(std::move(*sender));
  return sender;
}

void Connection::stop_gently() {
  stopping_ = true;
  if (pause_) pause_->cancel();
  // Only a wait for the client's next bytes is cut short; the session decides whether now is the moment to say 421.
  if (waiting_) stream_->interrupt();
}

void Connection::cancel() {
  if (pause_) pause_->cancel();
  if (milters_) milters_->cancel();
  auto* const stream = stream_ ? stream_.get() : handshaking_;
  if (stream != nullptr) stream->cancel();
}

}  // namespace godwit::server
