// SPDX-License-Identifier: Apache-2.0
#include "receiver.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/received.hpp"
#include "godwit/mail/recipients.hpp"
#include "godwit/spool/prepend.hpp"

namespace godwit::server {
namespace {

// Who says QUIT and closes its side at once has not given up: only after a long wait it means that.
constexpr base::Duration long_wait = std::chrono::seconds(10);
// Clients wait for ten minutes (RFC 5321 section 4.5.3.2.6); what is asked before the milters has bounds of its own.
constexpr base::Duration longest_filtering = std::chrono::minutes(8);

constexpr std::size_t room_for_trace = 512;  // our field in front, which is rarely longer

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

smtp::event::Refused refusal_of(const spool::Refused& refusal) {
  return {.why = why_of(refusal.why), .reply = {}};
}

smtp::event::Refused header_too_long(const base::Error& error) {
  return {.why = smtp::event::RefusedWhy::policy, .reply = smtp::make_reply(552, {5, 3, 4}, error.message)};
}

// How a message came, for Received and the envelope.
std::string protocol(const Sender& sender, const smtp::ServerSession& session) {
  if (!sender.protocol.empty()) return std::string(sender.protocol);
  return std::string(sender.client.user.empty() ? session.protocol() : "local");
}

}  // namespace

void Receiver::begin_transaction(smtp::ReversePath sender, const Schedule& schedule,
                                 std::unique_ptr<policy::MessageInspection> inspection) {
  inspection_ = std::move(inspection);
  sender_ = given_sender_ = std::move(sender);
  schedule_ = schedule;
}

// A client that is refused for what it is may ask for further recipients: the answer stays.
boost::asio::awaitable<std::optional<smtp::Reply>> Receiver::verify_sender() {
  auto refusal = co_await inspection_->check_sender();
  sender_verified_ = !refusal;
  co_return refusal;
}

smtp::event::Verdict Receiver::add_recipient(policy::RecipientDecision decision, const smtp::Mailbox& asked,
                                             const smtp::RecipientParameters& parameters) {
  if (decision.refusal) return {.refusal = std::move(decision.refusal)};
  asked_.push_back(asked);
  mail::ask_reports(decision.recipients, asked, parameters);
  recipients_.add(std::move(decision.recipients));
  return {};
}

smtp::ServerEvent Receiver::begin(std::uint64_t size_hint, std::optional<mail::HeaderFixes> fixes,
                                  std::optional<ContentChecks> checks, Alterations alterations) {
  auto begun = spool_.begin(size_hint);
  if (!begun) return refusal_of(begun.error());
  incoming_ = std::move(*begun);
  checks_.reset();
  if (checks) checks_.emplace(std::move(*checks));
  header_kept_ = false;
  fixer_.reset();
  if (fixes) {
    fixes->id = incoming_->id();
    fixes->now = clock_.wall();
    fixer_ = std::make_unique<mail::HeaderFixer>(std::move(*fixes));
  }
  alterations_ = std::move(alterations);
  unaltered_.reset();
  copied_.clear();
  outage_.clear();
  if (inspection_) inspection_->begin_message();
  content_.reset();
  filtering_.reset();
  discarded_ = false;
  filtered_.clear();
  held_.clear();
  header_ = HeaderScan(subject_);
  size_ = 0;
  started_ = false;
  return smtp::event::MessageReady{};
}

std::string Receiver::received(const Sender& sender, const smtp::ServerSession& session) const {
  const bool local = !sender.client.user.empty();
  mail::Trace trace{.hello = session.hello().name,
                    .client_name = sender.client_name,
                    .client_address = local ? "" : sender.client_address,
                    .local_user = sender.client.user,
                    .hostname = std::string(sender.hostname),
                    .protocol = protocol(sender, session),
                    .id = incoming_->id(),
                    .tls_version = session.tls() ? session.tls()->version : "",
                    .tls_cipher = session.tls() ? session.tls()->cipher : "",
                    .recipient = {},
                    .time = clock_.wall()};
  if (asked_.size() == 1 && recipients().size() == 1) trace.recipient = recipients().front().address;
  return mail::received_field(trace);
}

boost::asio::awaitable<smtp::ServerEvent> Receiver::body(std::string_view bytes, const Sender& sender,
                                                         const smtp::ServerSession& session) {
  // The view may point into the reactor's scratch buffer, so it is taken over before anything can wait.
  size_ += bytes.size();
  std::string passed;
  if (!started_) passed.reserve(bytes.size() + room_for_trace);
  if (!fixer_) {
    passed = bytes;
  } else if (const auto fixed = fixer_->put(bytes, passed); !fixed) {
    co_return header_too_long(fixed.error());
  }
  const bool altered = co_await alter_and_inspect(passed, false);
  if (!altered || passed.empty()) co_return smtp::event::BodyTaken{};
  co_return co_await write(std::move(passed), sender, session);
}

void Receiver::inspect(std::string& bytes) {
  if (!inspection_ || inspects_as_stored()) return;
  std::string passed;
  inspection_->put(bytes, passed);
  bytes.swap(passed);
}

boost::asio::awaitable<smtp::ServerEvent> Receiver::write(std::string bytes, const Sender& sender,
                                                          const smtp::ServerSession& session) {
  header_.put(bytes);
  if (!rewrites(true)) keep_header(bytes);
  if (checks_ && checks_->chain.wants_message()) {
    auto showing = checks_->chain.take(bytes);
    co_await std::move(showing);
  }
  if (content_) {
    std::string body;
    if (const auto split = content_->put(bytes, body); !split) co_return header_too_long(split.error());
    bytes = std::move(body);
  } else if (!started_) {
    // A first line that begins with a blank would become a part of our field.
    if (bytes.find_first_of(" \t") == 0) bytes.insert(0, "\r\n");
    bytes.insert(0, received(sender, session));
    started_ = true;
  }
  auto written = co_await incoming_->write(bytes);
  if (!written) co_return refusal_of(written.error());
  co_return smtp::event::BodyTaken{};
}

std::string Receiver::asked_recipients() const {
  std::vector<std::string> asked;
  for (const auto& recipient : recipients()) {
    auto text = "<" + (recipient.original.empty() ? to_string(recipient.address) : recipient.original) + ">";
    if (asked.size() < most_told && std::ranges::find(asked, text) == asked.end()) asked.push_back(std::move(text));
  }
  return base::join(asked, ",");
}

// Many programs always ask for it (RFC 6531); but only what uses it must go to hosts that offer it.  What the address
// of a recipient needs is seen when it is delivered.
bool Receiver::needs_smtputf8(const smtp::ServerSession& session) const {
  return session.mail_parameters().smtputf8 && (header_.eight_bit() || !base::is_ascii(smtp::to_string(sender_)));
}

boost::asio::awaitable<smtp::ServerEvent> Receiver::commit(const Sender& sender, const smtp::ServerSession& session,
                                                           std::function<bool()> gone) {
  const auto began = clock_.mono();
  auto rest = co_await write_rest(sender, session);
  if (std::holds_alternative<smtp::event::Refused>(rest)) {
    discard();
    co_return rest;
  }
  if (header_.received_fields() >= mail::max_received_fields) {
    discard();
    co_return smtp::event::Refused{.why = smtp::event::RefusedWhy::policy,
                                   .reply = smtp::make_reply(554, {5, 4, 6}, "Too many hops, this message loops")};
  }
  auto envelope = make_envelope(sender, session);
  auto refusal = co_await judge(envelope);
  if (!refusal && discarded_) refusal = smtp::event::Committed{incoming_->id()};
  if (!refusal && content_) {
    auto filtering = filter(envelope, received(sender, session), began + longest_filtering);
    refusal = co_await std::move(filtering);
  }
  if (!refusal && alterations_.copies) {
    auto copying = copy(envelope);
    refusal = co_await std::move(copying);
  }
  if (!refusal && clock_.mono() - began >= long_wait && gone()) refusal = smtp::event::PeerClosed{};
  if (refusal) {
    discard();
    co_return std::move(*refusal);
  }
  auto head = seal_ + on_top_ + (content_ ? content_->head() : std::string());
  if (!head.empty()) spool::prepend(*incoming_, std::move(head));
  auto committed = co_await incoming_->commit(std::move(envelope));
  incoming_.reset();
  if (!committed) co_return refusal_of(committed.error());
  co_return smtp::event::Committed{*committed};
}

// What was held back until the message was whole.
boost::asio::awaitable<smtp::ServerEvent> Receiver::write_rest(const Sender& sender,
                                                               const smtp::ServerSession& session) {
  std::string rest;
  if (fixer_) fixer_->finish(rest);
  const bool altered = co_await alter_and_inspect(rest, true);
  if (!altered) co_return *unaltered_;
  smtp::ServerEvent written = smtp::event::BodyTaken{};
  // A message without a byte still gets its Received field.
  if (!started_ || !rest.empty()) written = co_await write(std::move(rest), sender, session);
  if (!content_ || std::holds_alternative<smtp::event::Refused>(written)) co_return written;
  std::string body;
  content_->finish(body);
  auto last = co_await incoming_->write(body);
  if (!last) co_return refusal_of(last.error());
  co_return written;
}

mail::Envelope Receiver::make_envelope(const Sender& sender, const smtp::ServerSession& session) const {
  mail::Envelope envelope;
  envelope.sender = sender_;
  envelope.recipients = recipients();
  envelope.body = session.mail_parameters().body;
  envelope.smtputf8 = needs_smtputf8(session);
  envelope.require_tls = session.mail_parameters().require_tls;
  envelope.tls_optional = header_.tls_optional() && !envelope.require_tls;
  envelope.ret = session.mail_parameters().ret;
  envelope.envid = session.mail_parameters().envid;
  envelope.accepted = clock_.wall();
  envelope.release = schedule_.release;
  envelope.next_attempt = schedule_.release;
  envelope.deliver_by = schedule_.deliver_by;
  envelope.priority = session.mail_parameters().priority;
  envelope.client_address = sender.client_address;
  envelope.client_hello = session.hello().name;
  envelope.account = session.account();
  envelope.protocol = protocol(sender, session);
  return envelope;
}

// Who the message is really from, and what that means for it.
boost::asio::awaitable<std::optional<smtp::ServerEvent>> Receiver::judge(mail::Envelope& envelope) {
  verified_.clear();
  on_top_.clear();
  seal_.clear();
  policy::Findings found;
  if (inspection_ && !inspects_as_stored()) found = co_await inspection_->judge(envelope.recipients);
  verified_ = std::move(found.summary);
  if (!found.refusal && checks_) {
    auto asking = ask_checks();
    auto decision = co_await std::move(asking);
    found.refusal = std::move(decision.refusal);
    if (found.hold.empty()) found.hold = std::move(decision.hold);
    found.header.insert(0, decision.header);
    discarded_ = decision.discard;
  }
  if (found.refusal)
    co_return smtp::event::Refused{.why = smtp::event::RefusedWhy::policy, .reply = std::move(found.refusal)};
  hold(envelope, found.hold);
  on_top_ = std::move(found.header);
  seal_ = rewrites(true) ? std::string() : std::move(found.seal);
  co_return std::nullopt;
}

void Receiver::discard() {
  content_.reset();
  incoming_.reset();
  checks_.reset();
}

}  // namespace godwit::server
