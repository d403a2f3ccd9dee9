// SPDX-License-Identifier: Apache-2.0
#include "godwit/spool/spool.hpp"

#include "core.hpp"
#include "incoming.hpp"
#include "run_on.hpp"

namespace godwit::spool {
namespace {

// The segment log behind the interface.
class LogSpool final : public Spool {
 public:
  explicit LogSpool(std::shared_ptr<Core> core) : core_(std::move(core)), last_recovered_(core_->ids.last()) {}
  base::MessageId last_recovered() const override { return last_recovered_; }
  void on_committed(Notice notice) override { core_->on_committed = std::move(notice); }
  void on_fatal(std::function<void(std::string)> handler) override { core_->on_fatal = std::move(handler); }
  Accepted<std::unique_ptr<Incoming>> begin(std::uint64_t size_hint) override {
    auto ready = core_->check_ready(size_hint);
    if (!ready) return std::unexpected(std::move(ready.error()));
    return std::make_unique<IncomingMessage>(core_, size_hint);
  }
  void update(base::MessageId id, mail::Update update) override { core_->update(id, std::move(update)); }
  boost::asio::awaitable<base::Result<>> sync() override { return core_->sync(); }
  bool keeps_up() const override { return core_->keeps_up(); }
  boost::asio::awaitable<base::Result<StoredMessage>> read(base::MessageId id) override { return core_->read(id); }
  boost::asio::awaitable<base::Result<>> for_each_live(Listing listing,
                                                       std::function<bool(const Summary&)> each) override {
    return core_->for_each_live(listing, std::move(each));
  }
  boost::asio::awaitable<base::Result<std::vector<base::MessageId>>> find_live(
      std::function<bool(const Summary&)> means) override {
    return core_->find_live(std::move(means));
  }
  Statistics statistics() const override { return core_->statistics(); }
  boost::asio::awaitable<void> stop() override { return core_->stop(); }

 private:
  const std::shared_ptr<Core> core_;
  const base::MessageId last_recovered_;
};

// Sizes that the format can hold: offsets in a segment have 32 bits, and it must hold more than its own blocks.
Settings sane(Settings settings) {
  settings.segment_size = std::clamp<std::uint64_t>(settings.segment_size, 16 * block_size, 1U << 30U);
  settings.segment_size = round_up(settings.segment_size, block_size);
  settings.inline_limit = std::min<std::uint64_t>(settings.inline_limit, 64U << 20U);
  return settings;
}

}  // namespace

boost::asio::awaitable<base::Result<std::unique_ptr<Spool>>> open_spool(Settings settings, disk::Disk& disk,
                                                                        const base::Clock& clock, base::Random& random,
                                                                        log::Logger& log, Executors executors) {
  auto core = std::make_shared<Core>(sane(std::move(settings)), disk, clock, random, log, executors);
  auto task = core->open();
  auto opened = co_await run_on(executors.committer, std::move(task));
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  co_return std::make_unique<LogSpool>(std::move(core));
}

}  // namespace godwit::spool
