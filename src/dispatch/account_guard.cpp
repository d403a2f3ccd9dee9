// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/account_guard.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "own_message.hpp"
#include "stop_notice.hpp"

namespace godwit::dispatch {
namespace {

constexpr base::Duration remember_interval = std::chrono::minutes(10);
// A message that was being committed when its account was stopped is in the queue by then.
constexpr base::Duration second_look = std::chrono::seconds(5);
constexpr base::Duration patience = std::chrono::seconds(5);  // at a stop, for what is under way
constexpr std::size_t changed_at_once = 100;                  // orders to the queue before others have their turn

std::unexpected<base::Error> not_stopped(const std::string& account) {
  return base::fail(base::ErrorKind::not_found, account + " is not stopped");
}

}  // namespace

AccountGuard::AccountGuard(Parts parts)
    : parts_(std::move(parts)), woken_(parts_.home, parts_.deadlines), ended_(parts_.home, parts_.deadlines) {}

boost::asio::awaitable<void> AccountGuard::recall() {
  auto text = co_await parts_.file.read();
  if (text)
    parts_.breaker.decode(*text);
  else
    parts_.log.error("accounts_not_recalled", {{"reason", text.error().message}});
  remembered_ = parts_.breaker.changes();
  // A crash may have come before their mail was held.
  for (const auto& account : parts_.breaker.stopped()) hold_again_.push_back(account.name);
  parts_.breaker.on_stop([this](const policy::StoppedAccount& account) {
    auto note = [this, account] {
      news_.push_back(account);
      woken_.notify();
    };
    boost::asio::post(parts_.home, std::move(note));
  });
}

boost::asio::awaitable<void> AccountGuard::run() {
  running_ = true;
  co_await act();
  running_ = false;
  ended_.notify();
}

boost::asio::awaitable<void> AccountGuard::act() {
  auto next_look = parts_.clock.mono();
  for (;;) {
    const auto until = hold_again_.empty() ? parts_.clock.mono() + remember_interval : next_look;
    auto woken = co_await woken_.wait(until);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    const auto news = std::exchange(news_, {});
    if (!woken) {
      const auto again = std::exchange(hold_again_, {});
      for (const auto& name : again) co_await hold_mail(name);
    }
    for (const auto& account : news) {
      parts_.log.warn("account_stopped", {{"account", account.name}, {"reason", account.reason}});
      co_await remember();
      co_await hold_mail(account.name);
      co_await tell(account);
      hold_again_.push_back(account.name);
      next_look = parts_.clock.mono() + second_look;
    }
    co_await remember();
  }
}

boost::asio::awaitable<void> AccountGuard::stop() {
  woken_.cancel();
  if (running_) co_await ended_.wait(parts_.clock.mono() + patience);
  co_await remember();
}

boost::asio::awaitable<void> AccountGuard::remember() {
  const auto changes = parts_.breaker.changes();
  if (changes == remembered_) co_return;
  remembered_ = changes;
  auto text = parts_.breaker.encode(state::SmallFile::usual_size);
  auto written = co_await parts_.file.write(std::move(text));
  if (!written) parts_.log.error("accounts_not_remembered", {{"reason", written.error().message}});
}

// Summaries do not know accounts, so each envelope is read.
boost::asio::awaitable<base::Result<AccountGuard::Ids>> AccountGuard::mail_of(std::string account,
                                                                              std::shared_ptr<Ids> seen) {
  auto is_new = [seen](const spool::Summary& summary) {
    return !summary.bounce && !std::ranges::binary_search(*seen, summary.id);
  };
  const auto others = co_await parts_.spool.find_live(is_new);
  if (!others) co_return std::unexpected(others.error());
  seen->insert(seen->end(), others->begin(), others->end());
  std::ranges::sort(*seen);
  Ids found;
  for (const auto id : *others) {
    const auto stored = co_await parts_.spool.read(id);
    if (stored && stored->envelope.account == account) found.push_back(id);  // else delivered meanwhile
  }
  co_return found;
}

boost::asio::awaitable<void> AccountGuard::hold_mail(std::string account) {
  auto none_seen = std::make_shared<Ids>();
  const auto ids = co_await mail_of(account, std::move(none_seen));
  if (!ids) {
    parts_.log.error("account_mail_not_held", {{"account", account}, {"reason", ids.error().message}});
    co_return;
  }
  if (!parts_.breaker.is_stopped(account)) co_return;  // it was released meanwhile
  for (const auto id : *ids) parts_.dispatcher.hold(id, "its account is stopped");
}

boost::asio::awaitable<void> AccountGuard::tell(policy::StoppedAccount account) {
  const smtp::Mailbox postmaster{.local = "postmaster", .domain = parts_.hostname};
  const auto router = parts_.router();
  auto expanding = router->expand(postmaster);
  auto expansion = co_await std::move(expanding);
  if (expansion.recipients.empty()) {
    parts_.log.error("postmaster_not_told", {{"account", account.name}, {"reason", "there is none"}});
    co_return;
  }
  OwnMessage message{.hostname = parts_.hostname, .recipients = std::move(expansion.recipients)};
  message.signers = parts_.signers();
  message.compose = [account, postmaster, hostname = parts_.hostname](base::MessageId id, base::WallTime now) {
    return compose_stop_notice(account, hostname, postmaster, id, now);
  };
  auto committing = commit_own(parts_.spool, parts_.clock, std::move(message));
  const auto committed = co_await std::move(committing);
  if (!committed)
    parts_.log.error("postmaster_not_told", {{"account", account.name}, {"reason", committed.error().message}});
}

boost::asio::awaitable<base::Result<std::size_t>> AccountGuard::release(std::string account) {
  if (!parts_.breaker.is_stopped(account)) co_return not_stopped(account);
  const auto seen = std::make_shared<Ids>();
  auto ids = co_await mail_of(account, seen);
  if (!ids) co_return std::unexpected(ids.error());
  if (!parts_.breaker.release(account, parts_.clock.wall())) co_return not_stopped(account);
  std::erase(hold_again_, account);
  const auto since = co_await mail_of(account, seen);  // what was taken, and held, meanwhile
  if (!since) co_return std::unexpected(since.error());
  ids->insert(ids->end(), since->begin(), since->end());
  std::size_t released = 0, ordered = 0;
  for (const auto id : *ids) {
    if (parts_.dispatcher.release(id)) ++released;
    if (++ordered % changed_at_once != 0) continue;
    auto recorded = co_await parts_.dispatcher.recorded();
    if (!recorded) co_return std::unexpected(recorded.error());
  }
  parts_.log.info("account_released", {{"account", account}, {"messages", released}});
  woken_.notify();
  auto recorded = co_await parts_.dispatcher.recorded();
  if (!recorded) co_return std::unexpected(recorded.error());
  co_return released;
}

boost::asio::awaitable<base::Result<std::size_t>> AccountGuard::purge(std::string account) {
  if (!parts_.breaker.mark_purged(account)) co_return not_stopped(account);
  auto none_seen = std::make_shared<Ids>();
  const auto ids = co_await mail_of(account, std::move(none_seen));
  if (!ids) co_return std::unexpected(ids.error());
  std::size_t removed = 0;
  for (const auto id : *ids) {
    Selector everybody;  // named: GCC 12 destroys braced temporaries of a co_await twice
    const auto done = co_await parts_.dispatcher.remove(id, std::move(everybody));
    if (done) ++removed;  // else delivered meanwhile
  }
  parts_.log.info("account_purged", {{"account", account}, {"messages", removed}});
  woken_.notify();
  auto recorded = co_await parts_.dispatcher.recorded();
  if (!recorded) co_return std::unexpected(recorded.error());
  co_return removed;
}

}  // namespace godwit::dispatch
