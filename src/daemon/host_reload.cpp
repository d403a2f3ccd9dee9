// SPDX-License-Identifier: Apache-2.0
// What changes while the host runs: its configuration, and the certificate files.
#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>

#include "control_submissions.hpp"
#include "host.hpp"
#include "startup_memory.hpp"

namespace godwit::daemon {

// One after the other: none is overtaken by one that read the files later.
boost::asio::awaitable<ReloadOutcome> Host::reload(bool force) {
  constexpr base::Duration look_again = std::chrono::milliseconds(20);
  auto& network = reactors_[home].network();
  while (reloading_ && !tasks_.closed()) static_cast<void>(co_await network.sleep_until(clock_.mono() + look_again));
  if (tasks_.closed()) {
    ReloadOutcome stopped;
    stopped.errors.emplace_back("the daemon stops");
    stopped.refused_because = "the daemon stops";
    log_reload(stopped);
    co_return stopped;
  }
  struct Turn {
    bool& taken;
    explicit Turn(bool& flag) : taken(flag) { taken = true; }
    ~Turn() { taken = false; }
  } const turn(reloading_);
  auto outcome = co_await try_reload(force);
  log_reload(outcome);
  co_return outcome;
}

boost::asio::awaitable<ReloadOutcome> Host::try_reload(bool force) {
  auto reopened = log_.reopen();
  if (!reopened) log_.error("log_not_reopened", {{"reason", reopened.error().message}});
  const auto running = live_;
  const auto out_of_date = is_out_of_date(live_->tls, clock_.wall()) ? OutOfDate::warning : OutOfDate::error;
  std::vector<std::string> beyond_reach;
  auto load = [path = config_path_, running = live_, &clock = clock_, out_of_date, &keys = machine_.keys(),
               &reach = reach_, &beyond_reach] {
    auto live = load_live_settings(path, clock, out_of_date, config::system_files(), net::SystemInterfaces(),
                                   &running->settings, keys);
    beyond_reach = beyond(reach, live.live ? live.live->settings : config::load(path).settings);
    give_back_startup_memory();
    return live;
  };
  auto loaded = co_await pools_.housekeeping.run(std::move(load));
  ReloadOutcome outcome;
  if (!loaded) {
    outcome.errors.push_back("another reload is under way");
    co_return outcome;
  }
  outcome.errors = std::move(loaded->errors);
  outcome.warnings = std::move(loaded->warnings);
  if (!loaded->live) {
    for (const auto& path : beyond_reach)
      outcome.errors.push_back(path + " lies outside of what the daemon can open since its start: restart it for that");
    co_return outcome;
  }
  outcome.restart_needed = config::restart_needed(live_->settings, loaded->live->settings);
  std::ranges::move(loaded->held_back, std::back_inserter(outcome.restart_needed));
  std::ranges::move(beyond_reach, std::back_inserter(outcome.restart_needed));
  auto next = std::make_shared<LiveSettings>(*loaded->live);
  config::keep_until_restart(live_->settings, next->settings);
  std::optional<ReloadRefusal> refusal;
  if (!force) refusal = co_await gate(next);
  if (refusal) {
    outcome.errors = std::move(refusal->errors);
    outcome.refused_because = refusal->reason;
    co_return outcome;
  }
  const auto are_renewed = co_await take_renewed_certificates(running, next);
  if (!are_renewed) {
    outcome.errors.emplace_back("the certificates were renewed meanwhile, and cannot be read now: reload again");
    outcome.refused_because = "the certificates cannot be read; the old one stays";
    co_return outcome;
  }
  const std::shared_ptr<const LiveSettings> live = std::move(next);
  accounts_.replace(live->accounts.all);
  stores_.replace(make_stores(live->settings.auth, live->accounts, back_end_parts()));
  verifier_.use_introspection(make_introspection(live->settings.auth, back_end_parts()));
  recipient_lookups_ = make_recipient_lookups(*live);
  lockouts_.change_settings(live->settings.auth.lockouts);
  limits_.change_settings(live->settings.policy);
  tarpit_.change_settings(live->settings.policy);
  policy_limits_ = std::make_shared<policy::Limits>(live->settings.policy, policy_limits_.get());
  breaker_.change_settings(live->settings.policy.breaker);
  history_.change_settings(live->settings.state.history);
  refusals_.change_settings(refusals_kept(live->settings.state.history));
  greylist_->change_settings(live->settings.state.greylist);
  recipient_answers_->change_settings(live->settings.state.callout);
  callouts_->change_settings(live->settings.policy.callout);
  log_.set_level(live->settings.log.level);
  router_ = make_router(*live);
  const auto rules = make_rules(*live, router_);
  apply_to_reactors(live, rules);
  dispatcher_->reload(dispatch_settings(*live), router_);
  quarantine_notices_->reload(live->settings.dispatch.quarantine, router_);
  live_ = live;
  if (http_) http_->guard(http_guard());
  look_again_.notify();  // the interval may be another now
  certificate_renewal_->change(renewal_configuration(*live_));
  outcome.applied = true;
  co_return outcome;
}

// What a reload has read may be older than what refresh_certificates() put in force meanwhile.  False: no room to read.
boost::asio::awaitable<bool> Host::take_renewed_certificates(std::shared_ptr<const LiveSettings> since,
                                                             std::shared_ptr<LiveSettings> next) {
  while (live_ != since) {
    since = live_;
    auto look = [settings = next->settings.tls, client_cas = client_ca_files(next->settings), now = clock_.wall(),
                 &keys = machine_.keys()] { return load_tls(settings, now, client_cas, keys); };
    const auto loaded = co_await pools_.housekeeping.run(std::move(look));
    if (!loaded) co_return false;
    next->tls = replaced(next->tls, *loaded, clock_.wall());
  }
  co_return true;
}

void Host::apply_to_reactors(const std::shared_ptr<const LiveSettings>& live,
                             const std::shared_ptr<const server::Rules>& rules) {
  maildrop_->reload(rules);
  submissions_->reload(rules);
  outgoing_tls_->change(*live, rules->router);
  dmarc_reporting_->change(*live, rules->router);
  for (std::size_t i = 0; i < reactors_.size(); ++i) {
    boost::asio::post(reactors_[i].executor(), [&parts = parts_[i], live, rules] {
      parts.server->reload(rules);
      parts.agent->change_settings(live->settings.deliver, live->tls.client);
    });
  }
}

void Host::log_reload(const ReloadOutcome& outcome) {
  for (const auto& warning : outcome.warnings) log_.warn("configuration", {{"message", warning}});
  for (const auto& error : outcome.errors) log_.error("configuration", {{"message", error}});
  for (const auto& key : outcome.restart_needed) log_.warn("restart_needed", {{"key", key}});
  if (outcome.applied)
    log_.info("reloaded");
  else
    log_.error("reload_refused", {{"reason", outcome.refused_because}});
}

boost::asio::awaitable<void> Host::run_reload() {
  co_await reload(false);
}

void Host::start_reload() {
  boost::asio::post(reactors_[home].executor(), [this] { tasks_.spawn(run_reload()); });
}

// ---- tables
// ---------------------------------------------------------------------------------------------------------------------

boost::asio::awaitable<void> Host::watch_tables() {
  for (;;) {
    auto woken = co_await look_at_tables_.wait(clock_.mono() + live_->settings.lookup.check_interval);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    if (live_->tables.empty()) continue;
    auto refresh = [tables = live_->tables, &log = log_] { refresh_text_tables(tables, log); };
    co_await pools_.housekeeping.run(std::move(refresh));
  }
}

// ---- certificates
// ---------------------------------------------------------------------------------------------------------------

boost::asio::awaitable<void> Host::watch_certificates() {
  for (;;) {
    note_out_of_date();
    const auto interval = live_->settings.tls.check_interval;
    const auto next = interval > base::Duration::zero() ? clock_.mono() + interval : base::no_deadline;
    auto woken = co_await look_again_.wait(next);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    if (!woken) co_await refresh_certificates();
  }
}

// Once each: a certificate that expires is in force until another takes its place.
void Host::note_out_of_date() {
  std::set<std::string> problems;
  for (const auto& certificate : live_->tls.certificates)
    if (auto problem = date_problem(certificate, clock_.wall()); !problem.empty()) problems.insert(std::move(problem));
  for (const auto& certificate : live_->tls.certificates)
    if (auto problem = staple_problem(certificate, clock_.wall()); !problem.empty())
      problems.insert(std::move(problem));
  for (const auto& problem : problems)
    if (!out_of_date_.contains(problem)) log_.error("certificate_out_of_date", {{"reason", problem}});
  out_of_date_ = std::move(problems);
}

acme::Renewal::Configuration Host::renewal_configuration(const LiveSettings& live) const {
  net::TlsSettings trust;
  trust.minimum_version = live.settings.tls.minimum_version;
  trust.ca_file = live.settings.acme.ca_file;
  return {.settings = live.settings.acme, .trust = std::move(trust)};
}

void Host::make_certificate_renewal() {
  certificate_renewal_ = std::make_unique<acme::Renewal>(
      acme::Renewal::Surroundings{.home = reactors_[home],
                                  .resolver = *parts_[home].resolver,
                                  .disk = disk_,
                                  .pool = pools_.housekeeping.executor(),
                                  .clock = clock_,
                                  .random = random_,
                                  .log = log_,
                                  .keys = machine_.keys(),
                                  .state_directory = live_->settings.state.directory,
                                  .on_obtained = [this] { return refresh_certificates(); }},
      renewal_configuration(*live_));
}

// Off the reactor: looks at the files, and reads them where they have changed.
boost::asio::awaitable<void> Host::refresh_certificates() {
  std::shared_ptr<const LiveSettings> before;
  std::optional<TlsLoaded> looked;
  // Again after a reload: it may have read them earlier than this.
  while (live_ != before) {
    before = live_;
    auto look = [before, now = clock_.wall(), &keys = machine_.keys()]() -> std::optional<TlsLoaded> {
      const auto client_cas = client_ca_files(before->settings);
      if (!has_changed(before->settings.tls, before->tls, client_cas, keys) && !is_stale(before->tls, now)) return {};
      return load_tls(before->settings.tls, now, client_cas, keys);
    };
    auto looking = co_await pools_.housekeeping.run(std::move(look));
    if (!looking) co_return;
    looked = std::move(*looking);
  }
  if (!looked) co_return;
  const auto& loaded = *looked;
  auto next = std::make_shared<LiveSettings>(*before);
  next->tls = replaced(before->tls, loaded, clock_.wall());
  live_ = next;
  if (live_->tls.client == before->tls.client) {  // kept
    for (const auto& complaint : loaded.complaints) log_.error("certificate_refused", {{"reason", complaint.message}});
    co_return;
  }
  apply_to_reactors(live_, make_rules(*live_, make_router(*live_)));
  if (http_) http_->guard(http_guard());
  if (live_->tls.stamps == before->tls.stamps) co_return;
  for (const auto& certificate : live_->tls.certificates)
    log_.info("certificate_reloaded",
              {{"file", certificate.file},
               {"subject", certificate.subject},
               {"expires", base::format_rfc3339(certificate.expires.value_or(base::WallTime{}))}});
}

}  // namespace godwit::daemon
