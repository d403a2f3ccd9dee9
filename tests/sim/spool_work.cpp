// SPDX-License-Identifier: Apache-2.0
// What is asked of a spool, several things beside each other.
#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "sim/spool_model.hpp"
#include "support/let_others_run.hpp"

namespace godwit::test {
namespace {

constexpr std::size_t parallel_commits = 4;

}  // namespace

// Any of them, whatever was said of them before; one at least still waits.
mail::Update World::some_recipients(const mail::Envelope& now) {
  mail::Update update;
  const std::size_t waits = random_.below(now.recipients.size());
  for (std::uint32_t i = 0; i < now.recipients.size(); ++i) {
    if (random_.below(2) == 0) continue;
    const bool delivered = i != waits && random_.below(3) == 0;
    update.recipients.push_back({i, delivered ? mail::RecipientState::delivered : mail::RecipientState::waiting,
                                 "451 4.3.0 " + std::to_string(random_.next())});
  }
  // Not named here, and delivered before?
  if (now.recipients[waits].state != mail::RecipientState::waiting &&
      std::ranges::find(update.recipients, waits, &mail::RecipientUpdate::index) == update.recipients.end())
    update.recipients.push_back({static_cast<std::uint32_t>(waits), mail::RecipientState::waiting, "450 4.2.0 Again"});
  return update;
}

// Of the acknowledged, some are done, some are tried again, held or released; what stays is tried again and again.
void World::update(base::MessageId id, unsigned settled) {
  const Ledger::Entry& entry = ledger_.entries.at(id);
  if (random_.below(100) < (entry.stays ? settled / 20 : settled)) return finish(id);
  const mail::Envelope& now = entry.now();
  mail::Update update;
  switch (random_.below(entry.stays ? 6 : 10)) {
    case 0:
    case 1:  // some of several
      update = some_recipients(now);
      update.attempts = now.attempts + 1;
      break;
    case 2:  // all are tried again
      for (std::uint32_t i = 0; i < now.recipients.size(); ++i)
        if (now.recipients[i].state == mail::RecipientState::waiting)
          update.recipients.push_back(
              {i, mail::RecipientState::waiting, "451 4.3.0 " + std::to_string(random_.next())});
      update.attempts = now.attempts + 1;
      update.next_attempt = base::WallTime(std::chrono::seconds(1'800'000'000 + now.attempts));
      break;
    case 3:
      update.warned = true;
      break;
    case 4:
      update.held = !now.held;
      break;
    default:
      return;
  }
  record_update(id, std::move(update));
}

// While commits and compaction go on: each message that is open all the time is told once.
boost::asio::awaitable<std::string> World::list_meanwhile() {
  const auto before = ledger_.open();
  std::set<base::MessageId> told;
  std::string wrong;
  auto listing = spool_->for_each_live(spool::Listing::gentle, [&](const spool::Summary& summary) {
    if (!told.insert(summary.id).second) wrong = base::to_string(summary.id) + " is listed twice";
    return true;
  });
  const auto listed = co_await std::move(listing);
  if (!listed) co_return "";  // the disk has died
  for (const base::MessageId id : before)
    if (!told.contains(id) && ledger_.entries.at(id).is_open())
      wrong = base::to_string(id) + " is not listed beside other work";
  co_return wrong;
}

boost::asio::awaitable<bool> World::commit_meanwhile(std::string body, mail::Envelope envelope, std::uint64_t turns) {
  co_await let_others_run(turns);
  auto committing = commit(std::move(body), std::move(envelope));
  const auto committed = co_await std::move(committing);
  ledger_.refused += committed ? 0 : 1;
  co_return committed.has_value();
}

// All at once, or with up to so many turns of others between two.
boost::asio::awaitable<bool> World::update_meanwhile(unsigned settled, std::uint64_t turns) {
  co_await let_others_run(random_.below(8 * turns + 1));
  const auto open = ledger_.open();
  for (const base::MessageId id : open) {
    update(id, settled);
    co_await let_others_run(random_.below(turns + 1));
  }
  co_return true;
}

void World::work(int rounds, unsigned settled) {
  const auto rethrow = [](std::exception_ptr failed, bool) {
    if (failed) std::rethrow_exception(failed);
  };
  for (int round = 0; round < rounds && spool_->statistics().healthy; ++round) {
    const std::uint64_t spread = random_.below(2) * 40;
    for (std::size_t i = 0; i < parallel_commits; ++i) {
      // One after the other: a seed must mean the same to every compiler.
      std::string body = make_body(body_size());
      mail::Envelope envelope = make_envelope();
      auto committing = commit_meanwhile(std::move(body), std::move(envelope), random_.below(spread + 1));
      boost::asio::co_spawn(context_, std::move(committing), rethrow);
    }
    auto listing = list_meanwhile();
    boost::asio::co_spawn(context_, std::move(listing), [&](std::exception_ptr failed, std::string wrong) {
      if (failed) std::rethrow_exception(failed);
      if (!wrong.empty()) wrong_ = wrong;
    });
    auto updating = update_meanwhile(settled, random_.below(8));
    boost::asio::co_spawn(context_, std::move(updating), rethrow);
    context_.restart();
    context_.run();
  }
}

void World::load(std::size_t senders, int messages, std::size_t body_below,
                 const std::function<void(base::MessageId)>& on_acknowledged) {
  const auto sender = [&]() -> boost::asio::awaitable<void> {
    for (int i = 0; i < messages; ++i) {
      std::string body = make_body(random_.below(body_below));
      auto committing = commit(std::move(body), make_envelope());
      const auto committed = co_await std::move(committing);
      if (committed) on_acknowledged(*committed);
    }
  };
  for (std::size_t i = 0; i < senders; ++i) boost::asio::co_spawn(context_, sender(), boost::asio::detached);
  context_.restart();
  context_.run();
}

}  // namespace godwit::test
