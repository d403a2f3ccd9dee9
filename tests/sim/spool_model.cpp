// SPDX-License-Identifier: Apache-2.0
#include "sim/spool_model.hpp"

#include "support/let_others_run.hpp"

namespace godwit::test {

World::World(SimDisk& disk, Ledger& ledger, std::uint64_t seed)
    : disk_(disk), ledger_(ledger), random_(seed), clock_(ledger.ticks) {}

World::~World() {
  if (spool_) ledger_.copies += spool_->statistics().copies;
  spool_.reset();
  context_.restart();
  context_.run();  // what the spool had spawned ends against the disk as it is
}

base::Result<> World::open(Sizes sizes) {
  const spool::Settings settings{.directory = "/spool",
                                 .inline_limit = sizes.inline_limit,
                                 .min_free = 1U << 20U,
                                 .segment_size = sizes.segment,
                                 .memory = sizes.memory,
                                 .message_size = 1U << 20U};
  const auto executor = boost::asio::any_io_executor(context_.get_executor());
  // No time passes while background work waits for its turn: it lets others run, that is all.
  const auto pause = [this](base::Duration duration) {
    on_pause_(duration);
    return let_others_run();
  };
  auto opened = run(spool::open_spool(settings, disk_, clock_, random_, log_, {executor, executor, executor, pause}));
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

void World::finish(base::MessageId id) {
  mail::Update update;
  const auto recipients = ledger_.entries.at(id).now().recipients.size();
  for (std::uint32_t i = 0; i < recipients; ++i)
    update.recipients.push_back({i, mail::RecipientState::delivered, "250 2.0.0 Ok"});
  record_update(id, std::move(update));
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

}  // namespace godwit::test
