// SPDX-License-Identifier: Apache-2.0
#include "receiver.hpp"

#include <utility>

#include "godwit/mail/header.hpp"
#include "godwit/mail/received.hpp"
#include "godwit/mail/recipients.hpp"

namespace godwit::server {
namespace {

smtp::event::RefusedWhy why_of(spool::Refused::Why why) {
  using Why = spool::Refused::Why;
  using smtp::event::RefusedWhy;
  switch (why) {
    case Why::full:
      return RefusedWhy::full;
    case Why::back_pressure:
      return RefusedWhy::back_pressure;
    case Why::too_large:
      return RefusedWhy::too_large;
    case Why::not_canonical:
      return RefusedWhy::not_canonical;
    case Why::unhealthy:
      break;
  }
  return RefusedWhy::unhealthy;
}

smtp::event::Refused refused(const spool::Refused& refusal) {
  return {.why = why_of(refusal.why), .reply = {}};
}

}  // namespace

smtp::event::Verdict Receiver::add_recipient(policy::RecipientDecision decision, const smtp::Mailbox& asked,
                                             const smtp::RecipientParameters& parameters) {
  if (decision.refusal) return {.refusal = std::move(decision.refusal)};
  ++asked_;
  mail::ask_reports(decision.recipients, asked, parameters);
  recipients_.add(std::move(decision.recipients));
  return {};
}

smtp::ServerEvent Receiver::begin(std::uint64_t size_hint) {
  auto begun = spool_.begin(size_hint);
  if (!begun) return refused(begun.error());
  incoming_ = std::move(*begun);
  hops_ = {};
  size_ = 0;
  started_ = false;
  return smtp::event::MessageReady{};
}

std::string Receiver::received(const Sender& sender, const smtp::ServerSession& session) const {
  mail::Trace trace{.hello = session.hello().name,
                    .client_name = {},
                    .client_address = sender.client_address,
                    .hostname = sender.hostname,
                    .protocol = std::string(session.protocol()),
                    .id = incoming_->id(),
                    .tls_version = session.tls() ? session.tls()->version : "",
                    .tls_cipher = session.tls() ? session.tls()->cipher : "",
                    .recipient = {},
                    .time = clock_.wall()};
  if (asked_ == 1 && recipients().size() == 1) trace.recipient = recipients().front().address;
  return mail::received_field(trace);
}

boost::asio::awaitable<smtp::ServerEvent> Receiver::body(std::string_view bytes, const Sender& sender,
                                                         const smtp::ServerSession& session) {
  // The view may point into the reactor's scratch buffer, so it is taken over before anything can wait.
  std::string piece = started_ ? std::string() : received(sender, session);
  // A first line that begins with a blank would become a part of our field.
  if (!started_ && bytes.find_first_of(" \t") == 0) piece += "\r\n";
  started_ = true;
  piece.append(bytes);
  hops_.put(bytes);
  size_ += bytes.size();
  auto written = co_await incoming_->write(piece);
  if (!written) co_return refused(written.error());
  co_return smtp::event::BodyTaken{};
}

boost::asio::awaitable<smtp::ServerEvent> Receiver::commit(const Sender& sender, const smtp::ServerSession& session) {
  if (!started_) {
    auto begun = co_await body({}, sender, session);  // a message without a byte still gets its Received field
    if (std::holds_alternative<smtp::event::Refused>(begun)) co_return begun;
  }
  if (hops_.count() >= mail::max_received_fields) {
    discard();
    co_return smtp::event::Refused{.why = smtp::event::RefusedWhy::policy,
                                   .reply = smtp::make_reply(554, {5, 4, 6}, "Too many hops, this message loops")};
  }
  mail::Envelope envelope;
  envelope.sender = session.sender();
  envelope.recipients = recipients();
  envelope.body = session.mail_parameters().body;
  envelope.ret = session.mail_parameters().ret;
  envelope.envid = session.mail_parameters().envid;
  envelope.accepted = clock_.wall();
  envelope.client_address = sender.client_address;
  envelope.client_hello = session.hello().name;
  envelope.account = session.account();
  envelope.protocol = session.protocol();
  auto committed = co_await incoming_->commit(std::move(envelope));
  incoming_.reset();
  if (!committed) co_return refused(committed.error());
  co_return smtp::event::Committed{*committed};
}

void Receiver::discard() {
  incoming_.reset();
}

void Receiver::reset() {
  incoming_.reset();
  recipients_.clear();
  asked_ = 0;
}

}  // namespace godwit::server
