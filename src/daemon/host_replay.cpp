// SPDX-License-Identifier: Apache-2.0
// What another configuration would have made of the mail that came: for who asks, and before a reload.
#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "configuration_check.hpp"
#include "draft_sources.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "host.hpp"
#include "not_replayed.hpp"
#include "replayed_accounts.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration longest_replay = std::chrono::hours(1);
// Whoever orders a reload waits for it.
constexpr std::chrono::seconds gate_time(30);

// Of the checks those that only ask DNS: others remember what they are asked, or ask a service or for the content.
constexpr std::array<std::string_view, 4> dns_checks{"reverse_dns", "hello", "sender_domain", "dns_lists"};

server::CheckLists replayed_checks(const LiveSettings& live, policy::ListHealth& health) {
  const auto& policy = live.settings.policy;
  server::CheckLists lists;
  for (const auto* names : {&policy.checks.mx, &policy.checks.submission, &policy.checks.local}) {
    auto asked = *names;
    std::erase_if(asked, [](const auto& name) { return std::ranges::find(dns_checks, name) == dns_checks.end(); });
    lists[*names] = policy::make_check_list(asked, policy, {.list_health = &health});
  }
  return lists;
}

ReplayedRules replayed_rules(server::RehearsalRules rehearsal, const config::Settings& settings) {
  dispatch::SiteLimits limits(settings.dispatch, rehearsal.rules.router);
  return {.rehearsal = std::move(rehearsal),
          .limits = std::move(limits),
          .messages_per_connection = settings.deliver.messages_per_connection};
}

// The stricter one: neither a new file nor the old one is passed by mistake.
std::optional<double> gate_of(const LiveSettings& running, const LiveSettings& next) {
  const auto& now = running.settings.control.refuse_newly_rejected;
  const auto& then = next.settings.control.refuse_newly_rejected;
  if (!now || !then) return now ? now : then;
  return std::min(*now, *then);
}

std::string percent_text(double percent) {
  return fmt::format("{:.3g}%", percent);
}

constexpr std::string_view what_now =
    "godwitctl config test-replay tells more; godwitctl reload --force applies it nevertheless";

// Half of them tell enough.
bool has_seen_enough(const control::ReplayReport& report, const control::ReplayProgress& progress) {
  return !report.cut_short || (progress.replayed > 0 && progress.replayed >= progress.of - progress.replayed);
}

ReloadRefusal too_little_seen(const control::ReplayProgress& progress) {
  return {.reason = "too little of the mail that came could be replayed; the old one stays",
          .errors = {fmt::format("reload.refuse_newly_rejected: in {} seconds {} of the last {} envelopes could be "
                                 "replayed: state.directory or what tables and accounts are asked of is slow",
                                 gate_time.count(), progress.replayed, progress.of),
                     std::string(what_now)}};
}

// For whom a reload is refused.
ReloadRefusal too_much_refused(const control::ReplayReport& report, double allowed) {
  const auto& rejected = report.of(control::ReplayChange::newly_rejected);
  std::vector<std::string> lines{fmt::format(
      "of the last {} envelopes that were accepted, {} ({}) would be refused, whole or in part; "
      "reload.refuse_newly_rejected allows {}",
      report.accepted, rejected.envelopes, percent_text(report.newly_rejected_percent()), percent_text(allowed))};
  for (const auto& group : rejected.groups) {
    constexpr std::size_t most_lines = 6;
    if (lines.size() >= most_lines) break;
    const auto& example = group.examples.front();
    lines.push_back(fmt::format("{} recipients, such as {} from {} in message {}: {}", group.recipients,
                                base::printable(example.to), base::printable(example.from), example.id,
                                base::printable(example.after)));
  }
  lines.emplace_back(what_now);
  return {.reason = "too much mail would be refused; the old one stays", .errors = std::move(lines)};
}

}  // namespace

server::RehearsalRules Host::rehearsal_rules(const std::shared_ptr<const LiveSettings>& live,
                                             const route::Lookups& lookups, AskDns dns) {
  auto has_sender = [live](const std::string& account, const smtp::Mailbox& sender) {
    return may_send_as(*live, account, sender);
  };
  auto has_account = [live](const std::string& account) { return knows_account(*live, account); };
  const auto& route = live->settings.route;
  server::Rules rules{
      .settings = live->settings.server,
      .policy = live->settings.policy,
      .router = make_router(*live, lookups),
      .tls = nullptr,
      .may_send_as = std::move(has_sender),
      .canonical = std::make_shared<const route::Canonical>(route.canonical, route.detail_separator, lookups)};
  server::RehearsalRules all{
      .rules = std::move(rules), .knows_account = std::move(has_account), .own_user = live->settings.user};
  if (dns == AskDns::no) return all;
  all.rules.verification = live->settings.mailauth;
  all.rules.checks = replayed_checks(*live, replayed_lists_);
  all.checks = parts_[home].checks.get();
  return all;
}

boost::asio::awaitable<control::ReplayReport> Host::replay(std::shared_ptr<const LiveSettings> next,
                                                           control::ReplayOrder order, Replayed which,
                                                           base::Duration time, control::ReplayProgress& progress) {
  const auto running = live_;
  const ReplayParts parts{
      .history = history_,
      .refusals = refusals_,
      .resolver = *parts_[home].resolver,
      .random = random_,
      .clock = clock_,
      .network = reactors_[home].network(),
      .place = {.executor = reactors_[home].executor(), .deadlines = reactors_[home].deadlines(), .tasks = tasks_}};
  const auto dns = order.dns ? AskDns::yes : AskDns::no;
  auto zones = running->settings.policy.dns_lists.zones();
  for (auto& zone : next->settings.policy.dns_lists.zones()) zones.push_back(std::move(zone));
  replayed_lists_.keep_only(zones);
  Replay replay(parts, replayed_rules(rehearsal_rules(running, recipient_lookups_, dns), running->settings),
                replayed_rules(rehearsal_rules(next, make_recipient_lookups(*next), dns), next->settings), progress);
  auto replaying = replay.run(order, which, clock_.mono() + time);
  auto report = co_await std::move(replaying);
  report.not_replayed = not_replayed(order, *running, *next);
  report.restart_needed = config::restart_needed(running->settings, next->settings);
  // A reload gives what it holds back as it runs.
  std::ranges::move(held_back(running->settings, next->settings), std::back_inserter(report.restart_needed));
  co_return report;
}

// ---- for who asks

boost::asio::awaitable<base::Result<control::ReplayStart>> Host::start_replay(std::optional<std::string> draft,
                                                                              control::ReplayOrder order) {
  using State = control::ReplayProgress::State;
  if (replay_progress_ && replay_progress_->state == State::running)
    co_return base::fail(base::ErrorKind::refused, "another replay is under way");
  const auto progress = std::make_shared<control::ReplayProgress>();
  progress->number = replay_progress_ ? replay_progress_->number + 1 : 1;
  // Until it has begun.
  struct Attempt {
    std::shared_ptr<control::ReplayProgress>& shown;
    std::shared_ptr<control::ReplayProgress> former;
    bool has_begun = false;
    ~Attempt() {
      if (!has_begun) shown = std::move(former);
    }
  } attempt{.shown = replay_progress_, .former = std::exchange(replay_progress_, progress)};
  auto load = [path = config_path_, draft = std::move(draft), running = live_, &clock = clock_,
               &keys = machine_.keys()] {
    auto drafted = load_draft(path, draft, *running, clock, keys);
    if (draft && drafted.live) drafted.errors = foreign_sources(running->settings, drafted.live->settings);
    if (!drafted.errors.empty()) drafted.live = nullptr;
    return drafted;
  };
  auto loading = pools_.housekeeping.run(std::move(load));
  auto loaded = co_await std::move(loading);
  if (!loaded) co_return std::unexpected(loaded.error());
  if (!loaded->live) co_return control::ReplayStart{.number = 0, .errors = std::move(loaded->errors)};
  attempt.has_begun = tasks_.spawn(run_replay(loaded->live, order, progress));
  if (!attempt.has_begun) co_return base::fail(base::ErrorKind::cancelled, "the daemon stops");
  co_return control::ReplayStart{.number = progress->number, .errors = {}};
}

boost::asio::awaitable<void> Host::run_replay(std::shared_ptr<const LiveSettings> next, control::ReplayOrder order,
                                              std::shared_ptr<control::ReplayProgress> progress) {
  using State = control::ReplayProgress::State;
  std::exception_ptr thrown;
  try {
    auto replaying = replay(std::move(next), order, Replayed::accepted_and_refused, longest_replay, *progress);
    progress->report = co_await std::move(replaying);
    progress->state = State::done;
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!thrown) co_return;
  progress->state = State::failed;
  progress->failure = base::exception_text(thrown);
  log_.error("task_failed", {{"reason", progress->failure}});
}

// ---- before a reload

boost::asio::awaitable<std::optional<ReloadRefusal>> Host::gate(std::shared_ptr<const LiveSettings> next) {
  std::optional<ReloadRefusal> refusal;
  const auto allowed = gate_of(*live_, *next);
  if (!allowed) co_return refusal;
  control::ReplayProgress progress;
  const control::ReplayOrder order;
  auto replaying = replay(std::move(next), order, Replayed::accepted, gate_time, progress);
  const auto report = co_await std::move(replaying);
  if (tasks_.closed())
    refusal = ReloadRefusal{.reason = "the daemon stops", .errors = {"the daemon stops"}};
  else if (report.newly_rejected_percent() > *allowed)
    refusal = too_much_refused(report, *allowed);
  else if (!has_seen_enough(report, progress))
    refusal = too_little_seen(progress);
  else if (report.cut_short)
    log_.warn("configuration", {{"message", fmt::format("there was no time to replay all {} envelopes, only {}",
                                                        progress.of, progress.replayed)}});
  co_return refusal;
}

}  // namespace godwit::daemon
