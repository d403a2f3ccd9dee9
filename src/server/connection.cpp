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

constexpr int errors_for_free = 2;  // people mistype

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
                       ListenerSettings listener, Surroundings& surroundings)
    : stream_(std::move(stream)),
      rules_(std::move(rules)),
      listener_(std::move(listener)),
      around_(surroundings),
      session_settings_(session_settings(*rules_, listener_, around_.verifier, around_.clock.wall())),
      session_(session_settings_),
      receiver_(around_.spool, around_.clock),
      authenticator_(around_.verifier, around_.lockouts, around_.clock, around_.log) {
  sender_.hostname = rules_->settings.hostname;
  sender_.client = {.address = stream_->remote().address,
                    .service = listener_.service,
                    .can_be_trusted = true,
                    .account = {},
                    .user = {}};
}

boost::asio::awaitable<void> Connection::run() {
  const bool known = co_await learn_client();
  if (!known) co_return;
  std::optional<policy::ConnectionLimits::Place> place;
  const bool refused = co_await refuse_if_too_many(place);
  if (refused) co_return;
  const bool named = co_await name_user();
  if (!named) co_return;
  const bool patient = co_await wait_to_greet();
  if (!patient) co_return;
  const bool ready = co_await secure();
  if (!ready) co_return;
  const bool welcome = co_await meet_milters();
  if (!welcome) co_return;
  around_.log.debug("connected",
                    {{"client", sender_.client_address}, {"listener", base::to_string(listener_.address)}});
  co_await converse();
}

boost::asio::awaitable<void> Connection::converse() {
  Event next = event::Connected{};
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
    // Most connections wait here most of the time, and hold little meanwhile.  Stopping may change nothing yet, in the
    // middle of a message: then the read that it interrupted goes on.
    session_.rest();
    next = co_await read(open_read_);
  }
  receiver_.discard();
}

boost::asio::awaitable<Connection::Event> Connection::perform(const smtp::ServerAction& wanted) {
  progressed_ = true;
  if (const auto* sending = std::get_if<action::Send>(&wanted)) co_return co_await send(*sending);
  if (const auto* body = std::get_if<action::Body>(&wanted))
    co_return co_await receiver_.body(body->bytes, sender_, session_);
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
  if (const auto* claim = std::get_if<action::SpeakFor>(&wanted)) co_return speak_for(claim->client);
  if (const auto* tls = std::get_if<action::StartTls>(&wanted)) co_return co_await start_tls(tls->ready);
  if (std::holds_alternative<action::Discard>(wanted)) receiver_.discard();
  if (std::holds_alternative<action::Reset>(wanted)) {
    receiver_.reset();
    end_filtering();
    end_checks();
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

boost::asio::awaitable<Connection::Event> Connection::read(action::Read reading) {
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  if (stopping_ && !std::exchange(told_stopping_, true)) co_return event::Stopping{};
  std::optional<policy::Tarpit::Place> place;
  if (const auto wait = due_wait(place); wait > base::Duration::zero()) {
    co_await pause_until(around_.network.now() + wait);
    place.reset();
  }
  // A client that sends its command byte by byte gets one deadline for all of it (RFC 5321 section 4.5.3.2 bounds the
  // command).
  const auto start = around_.network.now();
  if (std::exchange(progressed_, false)) read_deadline_ = start + reading.deadline;
  auto deadline = read_deadline_;
  if (reading.minimum_rate == 0)
    pace_.reset();
  else
    deadline = std::min(deadline, data_pace(reading).deadline(start));
  const bool has_budget = reading.budget > base::Duration::zero();
  if (has_budget) deadline = std::min(deadline, start + reading.budget - spent_);
  waiting_ = true;
  // Into the reactor's scratch buffer: the session takes what it needs before anything else can read.
  const auto space = around_.scratch.first(std::min(around_.scratch.size(), reading.limit));
  auto got = co_await net::read_some(*stream_, space, deadline);
  waiting_ = false;
  if (pace_) pace_->count(around_.network.now() - start, got.value_or(0));
  if (has_budget) spent_ += around_.network.now() - start;
  if (got) co_return event::Bytes{std::string_view(space.data(), *got)};
  if (stopping_ && !std::exchange(told_stopping_, true)) co_return event::Stopping{};
  if (got.error().kind == base::ErrorKind::timed_out) co_return event::TimedOut{};
  co_return event::PeerClosed{};
}

// A message has one pace, from its 354 on.
net::Pace& Connection::data_pace(const action::Read& reading) {
  if (!pace_) pace_.emplace(reading.minimum_rate, reading.deadline);
  return *pace_;
}

boost::asio::awaitable<Connection::Event> Connection::authenticate(action::Authenticate credentials) {
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  auto who = peer();  // named: GCC 12 destroys temporaries that a coroutine takes twice
  const auto asked = around_.network.now();
  mechanism_ = credentials.mechanism;
  auto answer = co_await authenticator_.verify(std::move(credentials), std::move(who));
  co_await pause_until(asked + answer.wait);
  co_return logged_in(std::move(answer));
}

boost::asio::awaitable<Connection::Event> Connection::exchange(action::Exchange said) {
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  auto who = peer();
  const auto asked = around_.network.now();
  if (!said.mechanism.empty()) mechanism_ = said.mechanism;
  const auto* bound_to = rules_->settings.channel_binding ? stream_->tls_info() : nullptr;
  auto answer = co_await authenticator_.exchange(std::move(said), std::move(who), bound_to);
  co_await pause_until(asked + answer.wait);
  co_return logged_in(std::move(answer));
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

// Who sends commands too fast, or too many wrong ones, is read more slowly.  The place is its own while it waits.
base::Duration Connection::due_wait(std::optional<policy::Tarpit::Place>& place) {
  const auto commands = session_.commands() - std::exchange(commands_seen_, session_.commands());
  const bool erred = session_.errors() > std::exchange(errors_seen_, session_.errors());
  if (is_local()) return {};
  base::Duration wait{};
  if (commands > 0 && is_rated(policy::Rated::commands))
    wait = around_.rates.wait_after(policy::Rated::commands, commands, sender_.client.address, around_.network.now());
  if (!erred || session_.errors() <= errors_for_free || session_settings_.trusted) return wait;
  if (auto entered = around_.tarpit.enter()) {
    place.emplace(std::move(*entered));
    wait = std::max(wait, rules_->settings.error_delay);
  }
  return wait;
}

// Ended by cancel() only: who is slowed down gains nothing by hanging up.
boost::asio::awaitable<void> Connection::pause_until(base::MonoTime until) {
  if (until <= around_.network.now()) co_return;
  pause_ = std::make_unique<net::Signal>(around_.executor, around_.deadlines);
  co_await pause_->wait(until);
  pause_.reset();
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
  if (auto stopped = stop_refusal())  // since its MAIL
    answer = event::Refused{.why = event::RefusedWhy::policy, .reply = std::move(stopped)};
  else
    answer = co_await receiver_.commit(sender_, session_);
  if (const auto* committed = std::get_if<event::Committed>(&answer)) {
    spent_ = {};
    refused_recipients_ = 0;
    if (around_.accept_time != nullptr) around_.accept_time->add(around_.clock.mono() - began);
    log_accepted(committed->id);
  } else if (const auto* refused = std::get_if<event::Refused>(&answer)) {
    log_not_taken(*refused);
  }
  end_filtering();
  end_checks();
  if (!sent) co_return event::PeerClosed{};
  co_return answer;
}

void Connection::stop_gently() {
  stopping_ = true;
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
