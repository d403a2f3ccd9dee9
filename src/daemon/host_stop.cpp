// SPDX-License-Identifier: Apache-2.0
// How a host ends: in the direction of the mail, within bounds.
#include <future>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "control_submissions.hpp"
#include "host.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration last_words = std::chrono::seconds(1);     // for QUITs and answers of the control socket
constexpr base::Duration settling_time = std::chrono::seconds(5);  // for the outcomes of what was cancelled
// For what others say of mail that is under way; without that it is deferred.
constexpr base::Duration patience_at_end = std::chrono::seconds(2);

// On the reactor of the group.
boost::asio::awaitable<void> cancel_tasks(net::TaskGroup& group) {
  group.cancel();
  co_return;
}

}  // namespace

void Host::run_on(std::size_t reactor, boost::asio::awaitable<void> task) {
  auto running = boost::asio::co_spawn(reactors_[reactor].executor(), std::move(task), boost::asio::use_future);
  machine_.wait(running, base::no_deadline);
  running.get();
}

bool Host::run_until(base::MonoTime deadline, boost::asio::awaitable<void> task) {
  auto running = boost::asio::co_spawn(reactors_[home].executor(), std::move(task), boost::asio::use_future);
  if (!machine_.wait(running, deadline)) return false;
  running.get();
  return true;
}

void Host::run_everywhere(const std::function<boost::asio::awaitable<void>(Parts&)>& task) {
  std::vector<std::future<void>> running;
  for (std::size_t i = 0; i < reactors_.size(); ++i)
    running.push_back(boost::asio::co_spawn(reactors_[i].executor(), task(parts_[i]), boost::asio::use_future));
  for (auto& one : running) {
    machine_.wait(one, base::no_deadline);
    one.get();
  }
}

boost::asio::awaitable<void> Host::stop_control() {
  if (control_) {
    for (auto& listener : control_listeners_) listener->close();
    control_->stop();
    if (http_) http_->stop();
  }
  look_again_.cancel();
  lockouts_due_.cancel();
  look_at_tables_.cancel();
  resolver_watch_.stop();
  tasks_.close();
  auto ended = co_await tasks_.wait_empty(clock_.mono() + last_words);
  if (!ended) tasks_.cancel();
}

// False: a thread is in the kernel, and may be so for ever.
bool Host::join_folders() {
  struct Folder {
    net::BoundedPool& pool;
    base::Duration patience;
    std::string_view what;
  };
  const Folder folders[] = {
      {pools_.maildirs, last_words, "a mail folder does not answer; what was under way there stays in the queue"},
      {pools_.housekeeping, settling_time, "state.directory does not answer; what was to be remembered there is lost"},
      {pools_.indexing, settling_time, "state.directory does not answer; the index of the history is behind"},
      {pools_.histories, last_words, "state.directory does not answer; the last events of the history are lost"}};
  bool all_ended = true;
  for (const auto& [pool, patience, what] : folders) {
    if (pool.join_for(patience)) continue;
    log_.error("folder_hangs", {{"reason", what}});
    all_ended = false;
  }
  return all_ended;
}

// On the reactor of these parts.
boost::asio::awaitable<void> Host::stop_serving(Parts& parts, base::Duration grace, base::MonoTime deadline) {
  const auto longest = std::min(grace, patience_at_end);
  parts.haste->begin(clock_.mono(), longest);
  if (&parts == &parts_[home]) callouts_->hurry(longest);
  co_await parts.server->stop(deadline);
}

// In the direction of the mail: nothing more comes in, what is on its way out ends, then the spool.  Whoever did not
// end in its time is destroyed only when all threads have ended, and before anything that it uses.
bool Host::stop() {
  base::Duration grace{};
  auto read_grace = [](const Host& host, base::Duration& result) -> boost::asio::awaitable<void> {
    result = host.live_->settings.stop_grace;
    co_return;
  };
  run_on(home, read_grace(*this, grace));  // a reload may be replacing the settings
  const auto deadline = clock_.mono() + grace;
  run_everywhere([this, grace, deadline](Parts& parts) { return stop_serving(parts, grace, deadline); });
  run_on(home, maildrop_->stop(deadline));
  run_on(home, submissions_->stop(deadline));
  run_everywhere([](Parts& parts) { return cancel_tasks(*parts.check_tasks); });
  auto stop_deliveries = [](Host& host, base::MonoTime until) -> boost::asio::awaitable<void> {
    host.maildir_->stop();
    auto stopping = host.dispatcher_->stop(until);
    co_await std::move(stopping);
  };
  run_on(home, stop_deliveries(*this, deadline));
  run_everywhere([this](Parts& parts) { return parts.agent->stop(clock_.mono() + last_words); });
  // Attempts that the agents had to cancel have outcomes now.
  run_on(home, dispatcher_->stop(clock_.mono() + settling_time));
  run_on(home, dispatcher_->last_audit(clock_.mono() + settling_time));
  const auto saved_by = clock_.mono() + settling_time;
  run_until(saved_by, stop_callouts(clock_.mono() + last_words));
  run_until(saved_by, save_suppressions());
  run_until(saved_by, save_greylist());
  run_until(saved_by + settling_time, account_guard_->stop());
  run_until(saved_by + settling_time, quarantine_notices_->stop());
  run_on(home, stop_control());
  run_until(saved_by + settling_time, remember_lockouts());
  run_on(home, certificate_renewal_->stop(clock_.mono() + settling_time));
  run_on(home, outgoing_tls_->stop(clock_.mono() + last_words));
  run_until(saved_by + settling_time, dmarc_reporting_->stop(clock_.mono() + last_words));
  run_on(home, spool_->stop());
  run_until(clock_.mono() + settling_time, history_.stop());
  run_until(clock_.mono() + settling_time, refusals_.stop());
  reactors_.begin_stop();
  reactors_.stop();
  reactors_.join();
  for (auto* pool : pools_.all()) pool->stop();
  pools_.committer.stop();
  for (auto* pool : {&pools_.bodies, &pools_.background, &pools_.passwords, &pools_.proofs, &pools_.lookups,
                     &pools_.recipients, &pools_.local})
    pool->join();
  pools_.committer.join();
  if (!join_folders()) return false;
  // Lookups under way end here; whoever awaits them is among the abandoned.
  for (auto& parts : parts_) parts.transport.reset();
  reactors_.abandon();
  return true;
}

}  // namespace godwit::daemon
