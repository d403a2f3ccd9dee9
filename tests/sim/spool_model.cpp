// SPDX-License-Identifier: Apache-2.0
#include "sim/spool_model.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::test {
namespace {

constexpr std::size_t parallel_commits = 4;

boost::asio::awaitable<void> let_others_run(std::uint64_t turns = 1) {
  const auto here = co_await boost::asio::this_coro::executor;
  for (; turns > 0; --turns) co_await boost::asio::post(here, boost::asio::use_awaitable);
}

}  // namespace

void EventLogger::write(log::Level, std::string_view event, std::span<const log::Field> fields) {
  std::string line(event);
  for (const log::Field& field : fields)
    if (const auto* id = std::get_if<std::string>(&field.value); id != nullptr && field.name == "id") line += " " + *id;
  events.push_back(std::move(line));
}

std::size_t EventLogger::count(std::string_view event) const {
  return static_cast<std::size_t>(std::ranges::count(events, event));
}

std::vector<base::MessageId> Ledger::open() const {
  std::vector<base::MessageId> ids;
  for (const auto& [id, entry] : entries)
    if (entry.is_open()) ids.push_back(id);
  return ids;
}

void Ledger::durable_up_to(std::uint64_t handed_over) {
  for (auto& [id, entry] : entries) {
    if (!entry.acknowledged) continue;
    const std::size_t last = entry.versions.size() - 1;
    while (entry.durable_version < last && entry.versions[entry.durable_version + 1].handed_over <= handed_over)
      ++entry.durable_version;
    entry.finished_durable = entry.finished && entry.durable_version == last;
  }
}

World::World(SimDisk& disk, Ledger& ledger, std::uint64_t seed)
    : disk_(disk), ledger_(ledger), random_(seed), clock_(ledger.ticks) {}

World::~World() {
  if (spool_) ledger_.copies += spool_->statistics().copies;
  spool_.reset();
  context_.restart();
  context_.run();  // what the spool had spawned ends against the disk as it is
}

base::Result<> World::open(std::uint64_t memory, std::uint64_t segment_size) {
  const spool::Settings settings{.directory = "/spool",
                                 .inline_limit = 6000,
                                 .min_free = 1U << 20U,
                                 .segment_size = segment_size,
                                 .memory = memory,
                                 .message_size = 1U << 20U};
  const auto executor = boost::asio::any_io_executor(context_.get_executor());
  // No time passes while background work waits for its turn: it lets others run, that is all.
  const auto pause = [](base::Duration) { return let_others_run(); };
  auto opened = run(spool::open_spool(settings, disk_, clock_, random_, log_, {executor, executor, pause}));
  if (!opened) return std::unexpected(std::move(opened.error()));
  spool_ = std::move(*opened);
  spool_->on_fatal([this](std::string) { fatal_ = true; });
  return {};
}

std::string World::make_body(std::size_t size) {
  std::string body;
  while (body.size() < size) body += "line " + std::to_string(random_.next()) + "\r\n";
  return body;
}

std::size_t World::body_size() {
  switch (random_.below(6)) {
    case 0:
      return 20'000;  // large
    case 1:
      return 5'500;
    default:
      return random_.below(1500);
  }
}

mail::Envelope World::make_envelope() {
  mail::Envelope envelope;
  envelope.sender = smtp::Mailbox{"sender" + std::to_string(random_.below(100)), "a.example"};
  const std::uint64_t recipients = 1 + random_.below(4);
  for (std::uint64_t i = 0; i < recipients; ++i) {
    mail::Recipient recipient;
    recipient.address = {"r" + std::to_string(i), "b" + std::to_string(random_.below(5)) + ".example"};
    envelope.recipients.push_back(recipient);
  }
  envelope.client_address = "192.0.2.1";
  envelope.protocol = "ESMTP";
  return envelope;
}

boost::asio::awaitable<spool::Accepted<base::MessageId>> World::commit(std::string body, mail::Envelope envelope) {
  auto incoming = spool_->begin(body.size());
  if (!incoming) co_return std::unexpected(incoming.error());
  Ledger::Entry& entry = ledger_.entries[(*incoming)->id()];
  entry.body = body;
  entry.versions = {{envelope}};
  entry.stays = random_.below(6) == 0;
  const std::size_t half = body.size() / 2;
  auto written = co_await (*incoming)->write(std::string_view(body).substr(0, half));
  if (written) written = co_await (*incoming)->write(std::string_view(body).substr(half));
  if (!written) co_return std::unexpected(written.error());
  const std::uint64_t handed_over = ledger_.updates;
  auto committed = co_await (*incoming)->commit(std::move(envelope));
  if (!committed) co_return committed;
  entry.acknowledged = true;
  ledger_.durable_up_to(handed_over);
  co_return committed;
}

spool::Accepted<base::MessageId> World::commit_one(std::size_t size) {
  std::string body = make_body(size);
  auto task = commit(std::move(body), make_envelope());
  return run(std::move(task));
}

void World::record_update(base::MessageId id, mail::Update update) {
  Ledger::Entry& entry = ledger_.entries.at(id);
  mail::Envelope next = entry.now();
  mail::apply(update, next);
  entry.finished = !mail::has_waiting(next);
  entry.versions.push_back({std::move(next), ++ledger_.updates});
  spool_->update(id, std::move(update));
}

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

void World::finish(base::MessageId id) {
  mail::Update update;
  const auto recipients = ledger_.entries.at(id).now().recipients.size();
  for (std::uint32_t i = 0; i < recipients; ++i)
    update.recipients.push_back({i, mail::RecipientState::delivered, "250 2.0.0 Ok"});
  record_update(id, std::move(update));
}

// While commits and compaction go on: each message that is open all the time is told once.
boost::asio::awaitable<std::string> World::list_meanwhile() {
  const auto before = ledger_.open();
  std::set<base::MessageId> told;
  std::string wrong;
  auto listing = spool_->for_each_live([&](const spool::Summary& summary) {
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

void World::load(std::size_t senders, int messages, const std::function<void(base::MessageId)>& on_acknowledged) {
  const auto sender = [&]() -> boost::asio::awaitable<void> {
    for (int i = 0; i < messages; ++i) {
      std::string body = make_body(random_.below(3000));
      auto committing = commit(std::move(body), make_envelope());
      const auto committed = co_await std::move(committing);
      if (committed) on_acknowledged(*committed);
    }
  };
  for (std::size_t i = 0; i < senders; ++i) boost::asio::co_spawn(context_, sender(), boost::asio::detached);
  context_.restart();
  context_.run();
}

void World::stop() {
  auto task = [](spool::Spool& spool) -> boost::asio::awaitable<bool> {
    const bool healthy = spool.statistics().healthy;
    co_await spool.stop();
    co_return healthy;
  };
  auto awaitable = task(*spool_);
  run(std::move(awaitable));
  ledger_.copies += spool_->statistics().copies;
  spool_.reset();
}

namespace {

spool::Summary expected_summary(base::MessageId id, const mail::Envelope& envelope, std::uint64_t size) {
  std::map<std::string, std::uint32_t> domains;
  for (const auto& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting) ++domains[recipient.address.domain];
  spool::Summary summary{.id = id,
                         .accepted = envelope.accepted,
                         .next_attempt = envelope.next_attempt,
                         .attempts = envelope.attempts,
                         .size = size,
                         .held = envelope.held,
                         .warned = envelope.warned,
                         .bounce = envelope.is_bounce(),
                         .sender = smtp::to_string(envelope.sender)};
  for (const auto& [domain, count] : domains) summary.waiting.push_back({domain, count});
  return summary;
}

}  // namespace

std::string World::check_message(const spool::Summary& listed) {
  const base::MessageId id = listed.id;
  const auto found = ledger_.entries.find(id);
  if (found == ledger_.entries.end()) return base::to_string(id) + " was never sent";
  const Ledger::Entry& entry = found->second;
  if (entry.finished_durable) return base::to_string(id) + " was finished and is back";
  auto stored = run(spool_->read(id));
  if (!stored) return base::to_string(id) + " is not readable: " + stored.error().message;
  std::string body(entry.body.size() + 1, '\0');
  auto got = run(stored->body->read(0, body));
  if (!got) return base::to_string(id) + " body: " + got.error().message;
  body.resize(*got);
  if (body != entry.body || stored->body->size() != entry.body.size()) return base::to_string(id) + " has another body";
  const mail::Envelope& envelope = stored->envelope;
  if (!(listed == expected_summary(id, envelope, entry.body.size())))
    return base::to_string(id) + " is listed otherwise than read";
  const auto from = entry.versions.begin() + static_cast<std::ptrdiff_t>(entry.durable_version);
  if (std::ranges::find(from, entry.versions.end(), envelope, &Ledger::Version::envelope) == entry.versions.end())
    return base::to_string(id) + " has an envelope that was never current";
  found->second.seen = envelope;
  return {};
}

// What recovery showed once must stay: a message that was never acknowledged but came back too, an update that got lost
// too.
void World::settle(const std::set<base::MessageId>& live) {
  for (auto& [id, entry] : ledger_.entries) {
    if (!live.contains(id)) {
      entry.finished = entry.finished_durable = true;
      continue;
    }
    entry.acknowledged = true;
    entry.finished = false;
    entry.versions = {{entry.seen}};
    entry.durable_version = 0;
  }
}

std::string World::check() {
  if (!wrong_.empty()) return wrong_;
  std::vector<spool::Summary> listed;
  std::set<base::MessageId> live;
  auto result = run(spool_->for_each_live([&](const spool::Summary& summary) {
    listed.push_back(summary);
    return true;
  }));
  if (!result) return "listing failed: " + result.error().message;
  for (const spool::Summary& summary : listed) {
    if (!live.insert(summary.id).second) return base::to_string(summary.id) + " is listed twice";
    if (std::string wrong = check_message(summary); !wrong.empty()) return wrong;
  }
  for (const auto& [id, entry] : ledger_.entries)
    if (entry.is_open() && !live.contains(id)) return base::to_string(id) + " was acknowledged and is lost";
  const auto statistics = spool_->statistics();
  if (statistics.quarantined != 0) return "quarantined without damage";
  if (statistics.messages != live.size()) return "the count of messages is wrong";
  settle(live);
  return {};
}

}  // namespace godwit::test
