// SPDX-License-Identifier: Apache-2.0
// What the rules say to a mail transaction: to its sender, its recipients and its message.
#include <utility>

#include "connection.hpp"
#include "godwit/policy/message_signing.hpp"
#include "godwit/policy/sender_authentication.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;
namespace action = smtp::action;

smtp::Reply account_stopped() {
  return smtp::make_reply(450, {4, 7, 1}, "Your account sends so much that it was stopped; ask your postmaster");
}

smtp::Reply too_many_refused() {
  return smtp::make_reply(421, {4, 7, 0}, "Too many recipients that had to be refused");
}

}  // namespace

// Before any table is asked: who sends too much costs no look-up.
std::optional<smtp::Reply> Connection::check_sender(const smtp::ReversePath& sender) {
  const auto& router = *rules_->router;
  const auto may_use = [this](const std::string& account, const smtp::Mailbox& from) {
    return may_send_as(account, from);
  };
  auto refusal = is_local() ? policy::check_local_sender(local_user(), sender, router.settings())
                            : policy::check_sender(sender_.client, sender, may_use);
  if (!refusal) refusal = stop_refusal();
  if (!refusal) refusal = limit_sender(sender);
  return refusal;
}

bool Connection::may_send_as(const std::string& account, const smtp::Mailbox& from) const {
  if (handed_in_ != nullptr && !handed_in_->who.senders.empty())
    return auth::may_send_as(account, handed_in_->who.senders, from);
  if (authenticator_ && authenticator_->may_send_as(account, from)) return true;
  return rules_->may_send_as && rules_->may_send_as(account, from);
}

// What is signed is of whom the header will say it is, whatever becomes of the envelope.
boost::asio::awaitable<std::optional<smtp::Reply>> Connection::begin_transaction(action::CheckSender asked,
                                                                                 Schedule schedule) {
  auto rewriting = rewritten_sender(asked.sender);
  auto changed = co_await std::move(rewriting);
  if (!changed) co_return cannot_rewrite(*asked.sender, changed.error());
  const auto& rules = rules_->policy.rewriting;
  const bool is_verified = origin() == policy::MailOrigin::others;
  auto inspection = inspection_of(!is_verified && rules.header ? *changed : asked.sender, asked.parameters.body);
  sends_mail_ = true;
  receiver_.reset();
  receiver().begin_transaction(asked.sender, std::move(schedule), std::move(inspection));
  if (rules.envelope && *changed) receiver().rewrite_sender(**changed);
  co_return std::nullopt;
}

// Of what is submitted here; what is relayed passes as it came, and so does what has no lines.
boost::asio::awaitable<Connection::Event> Connection::begin_message(action::BeginMessage begun) {
  if (checks() == nullptr && milters() == nullptr)
    co_return receiver().begin(begun.size_hint, header_fixes(), {}, alterations());
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  std::optional<ContentChecks> content;
  if (checks() != nullptr) {
    content.emplace(ContentChecks{.chain = *checks_, .facts = {}});
    auto checking = check_data(content->facts);
    auto refusal = co_await std::move(checking);
    if (refusal) co_return refuse_message(std::move(*refusal));
  }
  auto answer = receiver().begin(begun.size_hint, header_fixes(), std::move(content), alterations());
  if (!std::holds_alternative<event::MessageReady>(answer) || milters() == nullptr) co_return answer;
  auto refusal = co_await begin_filtering();
  if (refusal) co_return refuse_message(std::move(*refusal));
  co_return answer;
}

Connection::Event Connection::refuse_message(smtp::Reply refusal) {
  log_refusal("data", refusal, receiver().asked_recipients());
  receiver().discard();
  return event::Refused{.why = event::RefusedWhy::policy, .reply = std::move(refusal)};
}

std::optional<mail::HeaderFixes> Connection::header_fixes() const {
  const auto& account = sender_.client.account;
  const bool by_account = listener_.service == smtp::Service::submission && !account.empty();
  if (!(is_local() || by_account) || session_.mail_parameters().body == smtp::BodyType::binary_mime) return {};
  const auto& names = rules_->router->settings();
  mail::HeaderFixes fixes;
  fixes.hostname = sender_.hostname;
  fixes.origin = names.origin;
  fixes.from = given_sender();  // it is rewritten with the others
  by_account ? name_submitter(account, fixes) : name_submitter(local_user(), fixes);
  return fixes;
}

void Connection::name_submitter(const policy::LocalUser& user, mail::HeaderFixes& fixes) const {
  const smtp::Mailbox address{.local = user.name, .domain = fixes.origin};
  if (!fixes.from) fixes.from = address;
  if (user.is_trusted) return;
  fixes.submitter = address;
  fixes.is_submitter = [name = user.name, router = rules_->router](const smtp::Mailbox& other) {
    return policy::is_own_address(name, other, router->settings());
  };
}

void Connection::name_submitter(const std::string& account, mail::HeaderFixes& fixes) const {
  const auto address = smtp::parse_mailbox(account, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!address) return;  // a store may have names that are no addresses
  if (!fixes.from) fixes.from = *address;
  fixes.submitter = *address;
  fixes.is_submitter = [this, account](const smtp::Mailbox& other) { return may_send_as(account, other); };
}

boost::asio::awaitable<Connection::Event> Connection::check_recipient(action::CheckRecipient asked) {
  const auto completed = rules_->router->complete(asked.recipient);
  policy::RecipientDecision decision;
  decision.refusal = limit_recipient(completed);
  base::Result<smtp::Mailbox> address = completed;
  if (!decision.refusal && rules_->policy.rewriting.envelope) {
    auto rewriting = rewritten(completed, false);
    address = co_await std::move(rewriting);
  }
  if (!address) {
    decision.refusal = cannot_rewrite(asked.recipient, address.error());
  } else if (!decision.refusal) {
    auto deciding = decide_recipient(*address == completed ? asked.recipient : *address);
    decision = co_await std::move(deciding);
  }
  if (!decision.refusal && receiver().must_verify_sender()) {
    const bool sent = co_await flush();
    if (!sent) co_return event::PeerClosed{};
    decision.refusal = co_await receiver().verify_sender();
  }
  if (!decision.refusal && checks() != nullptr) {
    const bool sent = co_await flush();
    if (!sent) co_return event::PeerClosed{};
    auto checking = check_policy(asked.recipient);
    decision.refusal = co_await std::move(checking);
  }
  if (!decision.refusal) decision.refusal = limit_mailbox(asked.recipient);
  auto asking = ask_about_recipient(rules_->router->complete(asked.recipient), decision.refusal);
  co_await std::move(asking);
  const auto& account = sender_.client.account;
  if (decision.refusal) {
    log_refusal("rcpt", *decision.refusal, smtp::to_string(asked.recipient));
    if (!account.empty() && decision.refusal->code >= 500) around_.breaker.refused(account, 1, around_.clock.wall());
    if (guesses(*decision.refusal)) decision.refusal = too_many_refused();
  }
  if (!decision.refusal && *address != completed) {
    receiver().note_rewritten(completed, *address);
    for (auto& recipient : decision.recipients)
      if (recipient.address != completed) recipient.original = smtp::to_string(completed);
  }
  co_return receiver().add_recipient(std::move(decision), completed, asked.parameters);
}

boost::asio::awaitable<policy::RecipientDecision> Connection::decide_recipient(smtp::Mailbox recipient) {
  policy::RecipientDecision refused;
  if (const auto& account = sender_.client.account; !account.empty()) {
    const auto address = rules_->router->complete(recipient);
    if (!around_.breaker.recipient(account, smtp::to_string(address), around_.clock.wall())) {
      refused.refusal = account_stopped();
      co_return refused;
    }
  }
  // Who asks us for a recipient in this way, or sends a report, is not asked back: two hosts could ask each other for
  // ever, and a report that nobody wants goes back to nobody.
  const auto others = sender() ? route::OtherHosts::may_be_asked : route::OtherHosts::are_left_alone;
  auto checking = policy::check_recipient(rules_->policy, sender_.client, recipient, *rules_->router, others);
  auto decision = co_await std::move(checking);
  if (!decision.outage.empty())
    around_.log.warn("lookup_failed", {{"to", smtp::to_string(recipient)}, {"reason", decision.outage}});
  if (!decision.refusal && around_.suppressions != nullptr)
    decision.refusal = policy::suppression_refusal(*around_.suppressions, decision.recipients);
  co_return decision;
}

std::optional<smtp::Reply> Connection::stop_refusal() const {
  const auto& account = sender_.client.account;
  if (account.empty() || !around_.breaker.is_stopped(account)) return {};
  return account_stopped();
}

// Who tries out addresses finds few in one session.  It is no error in its protocol, and whoever is known to us may
// have an old list.
bool Connection::guesses(const smtp::Reply& refusal) {
  const auto most = rules_->settings.refused_recipients;
  return is_stranger() && most != 0 && refusal.code >= 500 && ++refused_recipients_ >= most;
}

// Mail of strangers is verified, that of our users is signed.
std::unique_ptr<policy::MessageInspection> Connection::inspection_of(const smtp::ReversePath& sender,
                                                                     smtp::BodyType body) const {
  const auto& account = sender_.client.account;
  const bool is_user = is_local() || !account.empty();
  if (is_user || session_settings_.trusted) {
    // Binary parts are encoded for hosts that do not take them, which no signature survives.
    if (body == smtp::BodyType::binary_mime || !rules_->signers || rules_->signers->empty()) return nullptr;
    policy::MessageSigning::Author author{
        .account = is_local() ? sender_.client.user : account, .sender = sender, .bound = is_user && !is_trusted_user_};
    return std::make_unique<policy::MessageSigning>(rules_->signers, around_.clock, std::move(author));
  }
  const bool verifies = listener_.service == smtp::Service::mx && sender_.client.can_be_trusted;
  if (!verifies || around_.resolver == nullptr || !rules_->verification.verify) return nullptr;
  policy::Origin origin{
      .client = sender_.client.address,
      .hello = session_.hello().name,
      .sender = sender,
      .is_forwarded = [router = rules_->router](const smtp::Mailbox& address) { return router->leaves(address); }};
  return std::make_unique<policy::SenderAuthentication>(rules_->verification, rules_->signers, *around_.resolver,
                                                        around_.clock, std::move(origin), rules_->dmarc_counts);
}

}  // namespace godwit::server
