// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/inquiry.hpp"

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

smtp::Reply verify(const smtp::Mailbox& asked, const route::Router& router) {
  const auto completed = router.complete(asked);
  const auto expansion = router.expand(completed);
  if (expansion.refusal) return *expansion.refusal;
  return expansion.local ? listed({completed}) : not_ours();
}

smtp::Reply expand(const smtp::Mailbox& asked, const route::Router& router) {
  const auto expansion = router.expand(router.complete(asked));
  if (expansion.refusal) return *expansion.refusal;
  if (!expansion.local) return not_ours();
  std::vector<smtp::Mailbox> mailboxes;
  for (const auto& recipient : expansion.recipients) mailboxes.push_back(recipient.address);
  return listed(mailboxes);
}

}  // namespace godwit::policy
