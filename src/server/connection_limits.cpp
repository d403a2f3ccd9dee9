// SPDX-License-Identifier: Apache-2.0
// How much the client of a connection may do in a time.
#include <algorithm>
#include <utility>

#include "connection.hpp"
#include "godwit/base/text.hpp"
#include "godwit/route/local_parts.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;
using policy::Limited;

std::optional<smtp::Reply> reply_if(const std::optional<policy::Limits::Refusal>& refusal) {
  if (!refusal) return {};
  return policy::reply_to(*refusal);
}

}  // namespace

bool Connection::is_limited(Limited what) const {
  return rules_->limits != nullptr && rules_->limits->count(what);
}

// sender: empty before there is a transaction.
policy::Limits::Who Connection::limited_as(const smtp::ReversePath& sender) const {
  policy::Limits::Who who{.trusted = is_local(), .hello = session_.hello().name, .account = sender_.client.account};
  if (sender) who.sender = smtp::to_string(*sender);
  if (is_local()) return who;
  const auto& address = sender_.client.address;
  who.client = address;
  who.trusted = policy::is_trusted(rules_->policy, sender_.client);
  return who;
}

// A detail makes no other mailbox.
policy::Limits::Who Connection::limited_to(const smtp::Mailbox& recipient) const {
  auto who = limited_as({});
  auto mailbox = rules_->router->complete(recipient);
  const auto bare = route::without_detail(mailbox.local, rules_->router->settings().detail_separator);
  if (!bare.empty()) mailbox.local = std::string(bare);
  who.recipient = smtp::to_string(mailbox);
  return who;
}

std::optional<smtp::Reply> Connection::limit(Limited what) {
  if (!is_limited(what)) return {};
  return reply_if(rules_->limits->take({what}, limited_as({}), around_.network.now()));
}

std::optional<smtp::Reply> Connection::limit_sender(const smtp::ReversePath& sender) {
  std::optional<policy::Limits::Refusal> refusal;
  if (is_limited(Limited::bytes))
    refusal = rules_->limits->exhausted(Limited::bytes, limited_as(sender), around_.network.now());
  if (!refusal && is_limited(Limited::messages))
    refusal = rules_->limits->take({Limited::messages}, limited_as(sender), around_.network.now());
  return reply_if(refusal);
}

// Before it is looked up: who guesses counts too.
std::optional<smtp::Reply> Connection::limit_recipient(const smtp::Mailbox& recipient) {
  if (!is_limited(Limited::recipients) && !is_limited(Limited::new_destinations)) return {};
  const auto domain = base::to_lower(rules_->router->complete(recipient).domain);
  return reply_if(rules_->limits->take_recipient(limited_as(given_sender()), domain, around_.network.now()));
}

// When it is known to exist, so that nobody fills the memory with names.
std::optional<smtp::Reply> Connection::limit_mailbox(const smtp::Mailbox& recipient) {
  std::optional<policy::Limits::Refusal> refusal;
  if (is_limited(Limited::bytes))
    refusal = rules_->limits->exhausted(Limited::bytes, limited_to(recipient), around_.network.now());
  if (!refusal && is_limited(Limited::messages))
    refusal = rules_->limits->take({Limited::messages}, limited_to(recipient), around_.network.now());
  return reply_if(refusal);
}

// Of a message that came to its end.  What we could not store is no fault of who sent it.
void Connection::count_bytes(const smtp::ServerEvent& end) {
  const auto* refused = std::get_if<event::Refused>(&end);
  const bool came = std::holds_alternative<event::Committed>(end) ||
                    (refused != nullptr && refused->why == event::RefusedWhy::policy);
  if (!came || !receiver_ || !is_limited(Limited::bytes)) return;
  const auto now = around_.network.now();
  rules_->limits->owe(Limited::bytes, receiver_->size(), limited_as(given_sender()), now);
  for (const auto& recipient : receiver_->asked())
    rules_->limits->owe(Limited::bytes, receiver_->size(), limited_to(recipient), now);
}

}  // namespace godwit::server
