// SPDX-License-Identifier: Apache-2.0
#include "mailbox_turns.hpp"

#include <algorithm>

namespace godwit::deliver {

boost::asio::awaitable<bool> MailboxTurns::take(std::string name) {
  const auto [at, free] = mailboxes_.try_emplace(std::move(name), Mailbox{.since = deadlines_.now(), .waiting = {}});
  if (free) co_return true;
  // It stays in the map for as long as somebody waits.
  Mailbox& mailbox = at->second;
  if (deadlines_.now() - mailbox.since >= patience) co_return false;
  Waiter waiter{.called = net::Signal(executor_, deadlines_)};
  const InLine in_line(mailbox.waiting, waiter);
  while (!waiter.granted && deadlines_.now() - mailbox.since < patience)
    static_cast<void>(co_await waiter.called.wait(mailbox.since + patience));
  co_return waiter.granted;
}

void MailboxTurns::done(const std::string& name) {
  const auto at = mailboxes_.find(name);
  Mailbox& mailbox = at->second;
  if (mailbox.waiting.empty()) {
    mailboxes_.erase(at);
    return;
  }
  Waiter* next = mailbox.waiting.front();
  mailbox.waiting.pop_front();
  mailbox.since = deadlines_.now();
  next->granted = true;
  next->called.notify();
}

}  // namespace godwit::deliver
