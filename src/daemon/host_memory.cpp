// SPDX-License-Identifier: Apache-2.0
// What survives a restart beside the mail: small files of the state directory.
#include <utility>

#include <fmt/format.h>

#include "host.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration lockouts_interval = std::chrono::minutes(1);

}  // namespace

// Made at the first start, and kept: what SCRAM shows for a name that nobody has must stay the same, and addresses that
// were made with a secret must be known again.
base::Result<std::string> Host::own_secret(const std::string& name) {
  state::SmallFile file(live_->settings.state.directory, name, disk_, pools_.housekeeping.executor());
  auto work = [](state::SmallFile& keeper, base::Random& random) -> boost::asio::awaitable<base::Result<std::string>> {
    auto kept = co_await keeper.read();
    if (!kept || !kept->empty()) co_return kept;
    std::string made;
    for (int i = 0; i < 4; ++i) made += fmt::format("{:016x}", random.next());
    auto written = co_await keeper.write(made);
    if (!written) co_return std::unexpected(written.error());
    co_return made;
  };
  return machine_.run_alone(work(file, random_));
}

// A list that cannot be read keeps no mail from moving.
void Host::open_suppressions() {
  const auto& settings = live_->settings.state;
  if (!settings.suppression.enabled) return;
  suppressions_ = std::make_unique<state::Suppressions>(settings, pools_.housekeeping.executor(), clock_, log_);
  if (const auto opened = suppressions_->open(); !opened)
    log_.error("suppressions_unreadable", {{"reason", opened.error().message}});
}

boost::asio::awaitable<void> Host::save_suppressions() {
  if (!suppressions_) co_return;
  auto saving = suppressions_->saved();
  const auto saved = co_await std::move(saving);
  if (!saved) log_.error("suppressions_not_saved", {{"reason", saved.error().message}});
}

boost::asio::awaitable<void> Host::save_greylist() {
  auto saving = greylist_->saved();
  static_cast<void>(co_await std::move(saving));  // it says itself what goes wrong
}

void Host::open_account_guard() {
  known_accounts_ = std::make_unique<state::SmallFile>(live_->settings.state.directory, "accounts", disk_,
                                                       pools_.housekeeping.executor());
  auto router = [this] { return make_router(*live_); };
  account_guard_ = std::make_unique<dispatch::AccountGuard>(
      dispatch::AccountGuard::Parts{.home = reactors_[home].executor(),
                                    .deadlines = reactors_[home].deadlines(),
                                    .breaker = breaker_,
                                    .dispatcher = *dispatcher_,
                                    .spool = *spool_,
                                    .file = *known_accounts_,
                                    .router = std::move(router),
                                    .signers = [this] { return live_->signers; },
                                    .hostname = live_->settings.hostname,
                                    .clock = clock_,
                                    .log = log_});
  machine_.run_alone(account_guard_->recall());
}

void Host::open_quarantine_notices() {
  kept_notices_ =
      std::make_unique<state::SmallFile>(live_->settings.state.directory, "quarantine_notices", disk_,
                                         pools_.housekeeping.executor(), dispatch::QuarantineNotices::largest_file);
  quarantine_notices_ = std::make_unique<dispatch::QuarantineNotices>(
      dispatch::QuarantineNotices::Parts{.home = reactors_[home].executor(),
                                         .deadlines = reactors_[home].deadlines(),
                                         .spool = *spool_,
                                         .file = *kept_notices_,
                                         .hostname = live_->settings.hostname,
                                         .clock = clock_,
                                         .log = events_,
                                         .signers = [this] { return live_->signers; }},
      live_->settings.dispatch.quarantine, make_router(*live_));
}

void Host::recall_lockouts() {
  kept_lockouts_ = std::make_unique<state::SmallFile>(live_->settings.state.directory, "lockouts", disk_,
                                                      pools_.housekeeping.executor());
  auto text = machine_.run_alone(kept_lockouts_->read());
  if (text)
    lockouts_.decode(*text);
  else
    log_.error("lockouts_not_recalled", {{"reason", text.error().message}});
}

boost::asio::awaitable<void> Host::remember_lockouts() {
  auto text = lockouts_.encode(clock_.wall(), state::SmallFile::usual_size);
  if (text == lockouts_text_) co_return;
  lockouts_text_ = text;
  auto written = co_await kept_lockouts_->write(std::move(text));
  if (!written) log_.error("lockouts_not_remembered", {{"reason", written.error().message}});
}

boost::asio::awaitable<void> Host::keep_lockouts() {
  for (;;) {
    auto woken = co_await lockouts_due_.wait(clock_.mono() + lockouts_interval);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    co_await remember_lockouts();
  }
}

}  // namespace godwit::daemon
