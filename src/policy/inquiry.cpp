// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/inquiry.hpp"

#include <utility>

namespace godwit::policy {
namespace {

smtp::Reply not_ours() {
  return smtp::make_reply(252, {2, 1, 5}, "Not one of ours, but will take a message for it from those who may relay");
}

smtp::Reply listed(const std::vector<smtp::Mailbox>& mailboxes) {
  auto reply = smtp::make_reply(250, {2, 1, 5}, "");
  reply.lines.clear();
  for (const auto& mailbox : mailboxes) reply.lines.push_back("<" + to_string(mailbox) + ">");
  return reply;
}

}  // namespace

boost::asio::awaitable<smtp::Reply> verify(smtp::Mailbox asked, const route::Router& router) {
  const auto completed = router.complete(std::move(asked));
  auto expanding = router.expand(completed);
  const auto expansion = co_await std::move(expanding);
  if (expansion.refusal) co_return *expansion.refusal;
  if (!expansion.local) co_return not_ours();
  co_return listed({completed});
}

boost::asio::awaitable<smtp::Reply> expand(smtp::Mailbox asked, const route::Router& router) {
  auto expanding = router.expand(router.complete(std::move(asked)));
  const auto expansion = co_await std::move(expanding);
  if (expansion.refusal) co_return *expansion.refusal;
  if (!expansion.local) co_return not_ours();
  std::vector<smtp::Mailbox> mailboxes;
  mailboxes.reserve(expansion.recipients.size());
  for (const auto& recipient : expansion.recipients) mailboxes.push_back(recipient.address);
  co_return listed(mailboxes);
}

}  // namespace godwit::policy
