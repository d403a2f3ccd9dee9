// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

#include <utility>

#include <unistd.h>

#include "control_backend.hpp"
#include "control_submissions.hpp"
#include "godwit/base/exception_text.hpp"

namespace godwit::daemon {

namespace {

std::string path_of_index(const state::Settings& settings) {
  return settings.directory + "/history.sqlite";
}

std::optional<state::HistoryIndexPlace> place_of_index(const state::Settings& settings, net::BoundedPool& pool) {
  if (!settings.history.index) return {};
  return state::HistoryIndexPlace{.path = path_of_index(settings), .executor = pool.executor()};
}

}  // namespace

Host::Host(std::string config_path, std::shared_ptr<const LiveSettings> live, Machine& machine, log::FileLogger& log,
           const log::RecentLines& recent_log, std::function<void()> request_stop)
    : config_path_(std::move(config_path)),
      live_(std::move(live)),
      machine_(machine),
      clock_(machine.clock()),
      log_(log),
      recent_log_(recent_log),
      request_stop_(std::move(request_stop)),
      random_(machine.random()),
      disk_(machine.disk()),
      accounts_(live_->accounts.all),
      lockouts_(live_->settings.auth.lockouts),
      limits_(live_->settings.policy),
      tarpit_(live_->settings.policy),
      policy_limits_(std::make_shared<policy::Limits>(live_->settings.policy)),
      breaker_(live_->settings.policy.breaker),
      list_health_(log),
      replayed_lists_(log::null_logger()),
      reactors_(machine.reactors()),
      pools_(machine.pools()),
      history_(live_->settings.state.directory + "/history", live_->settings.state.history, disk_, clock_, log_,
               pools_.histories.executor(), place_of_index(live_->settings.state, pools_.indexing)),
      refusals_(live_->settings.state.directory + "/refusals", refusals_kept(live_->settings.state.history), disk_,
                clock_, log_, pools_.histories.executor()),
      feed_(reactors_[home].executor(), reactors_[home].deadlines(), clock_),
      recorded_(log_, history_, refusals_),
      fed_(recorded_, feed_),
      events_(fed_),
      verifier_({.accounts = accounts_, .stores = stores_, .pool = pools_.passwords, .random = random_, .log = log},
                live_->settings.route.origin),
      users_(pools_.local, clock_),
      maildrop_limits_({}),
      resolver_watch_(reactors_[home], clock_, log),
      look_again_(reactors_[home].executor(), reactors_[home].deadlines()),
      lockouts_due_(reactors_[home].executor(), reactors_[home].deadlines()),
      look_at_tables_(reactors_[home].executor(), reactors_[home].deadlines()),
      tasks_(reactors_[home].executor(), reactors_[home].deadlines(), [this](const std::exception_ptr& thrown) {
        log_.error("task_failed", {{"reason", base::exception_text(thrown)}});
      }) {
  stores_.replace(make_stores(live_->settings.auth, live_->accounts, back_end_parts()));
  verifier_.use_introspection(make_introspection(live_->settings.auth, back_end_parts()));
  make_callouts();
  recipient_lookups_ = make_recipient_lookups(*live_);
}

Host::~Host() = default;

// ---- start
// ---------------------------------------------------------------------------------------------------------------

base::Result<> Host::open() {
  pools_.start();
  auto opened = open_spool();
  if (!opened) return opened;
  auto decoy = own_secret("decoy_secret");
  if (!decoy) return std::unexpected(decoy.error());
  verifier_.use_decoy_secret(std::move(*decoy));
  auto srs = own_secret("srs_secret");
  if (!srs) return std::unexpected(srs.error());
  srs_secret_ = std::move(*srs);
  if (!live_->settings.state.history.index) state::remove_history_index(path_of_index(live_->settings.state));
  history_.start();
  refusals_.start();
  const auto& settings = live_->settings;
  open_suppressions();
  greylist_ = std::make_unique<state::Greylist>(settings.state, pools_.housekeeping.executor(), clock_, log_);
  greylist_->open();
  recipient_answers_->open();
  router_ = make_router(*live_);
  dmarc_counts_ =
      std::make_unique<state::DmarcCounts>(settings.state.directory, pools_.housekeeping.executor(), clock_, log_);
  maildir_ = std::make_unique<deliver::MaildirAgent>(settings.deliver.maildir, settings.hostname, disk_, clock_,
                                                     random_, pools_.maildirs.executor(), reactors_[home].executor(),
                                                     reactors_[home].deadlines());
  parts_ = std::vector<Parts>(reactors_.size());
  for (std::size_t i = 0; i < reactors_.size(); ++i) make_parts(i);
  maildrop_ = std::make_unique<server::Maildrop>(config::maildrop(settings), make_rules(*live_, make_router(*live_)),
                                                 server_surroundings(home, maildrop_limits_), pools_.local, random_);
  submissions_ = std::make_unique<ControlSubmissions>(*this, make_rules(*live_, make_router(*live_)));
  suspensions_ = std::make_unique<state::SmallFile>(settings.state.directory, "suspensions", disk_,
                                                    pools_.housekeeping.executor());
  make_outgoing_tls();
  make_dmarc_reporting();
  make_certificate_renewal();
  std::vector<dispatch::Lane> lanes;
  for (std::size_t i = 0; i < reactors_.size(); ++i)
    lanes.push_back({.executor = reactors_[i].executor(), .agent = parts_[i].agent.get()});
  auto on_refused = [this](const std::string& account, std::size_t recipients) {
    breaker_.refused(account, recipients, clock_.wall());
  };
  dispatcher_ =
      std::make_unique<dispatch::Dispatcher>(dispatch_settings(*live_), make_router(*live_),
                                             dispatch::Surroundings{.home = reactors_[home].executor(),
                                                                    .network = reactors_[home].network(),
                                                                    .resolver = *parts_[home].resolver,
                                                                    .spool = *spool_,
                                                                    .maildir = *maildir_,
                                                                    .lanes = std::move(lanes),
                                                                    .clock = clock_,
                                                                    .random = random_,
                                                                    .log = events_,
                                                                    .suspensions = suspensions_.get(),
                                                                    .suppressions = suppressions_.get(),
                                                                    .on_refused = std::move(on_refused),
                                                                    .sts = &outgoing_tls_->policies(),
                                                                    .signers = [this] { return live_->signers; },
                                                                    .dmarc_reports = &dmarc_reporting_->received()});
  open_account_guard();
  open_quarantine_notices();
  spool_->on_committed([this](auto message) {
    quarantine_notices_->committed(message);
    dispatcher_->committed(std::move(message));
  });
  recall_lockouts();
  return {};
}

void Host::make_outgoing_tls() {
  outgoing_tls_ = std::make_unique<OutgoingTls>(OutgoingTls::Surroundings{.home = reactors_[home],
                                                                          .resolver = *parts_[home].resolver,
                                                                          .spool = *spool_,
                                                                          .disk = disk_,
                                                                          .pool = pools_.housekeeping.executor(),
                                                                          .clock = clock_,
                                                                          .random = random_,
                                                                          .log = log_},
                                                *live_, make_router(*live_));
  for (auto& parts : parts_) parts.agent->on_tls_session(outgoing_tls_->counter());
}

void Host::make_dmarc_reporting() {
  dmarc_reporting_ =
      std::make_unique<DmarcReporting>(DmarcReporting::Surroundings{.home = reactors_[home],
                                                                    .resolver = *parts_[home].resolver,
                                                                    .spool = *spool_,
                                                                    .pool = pools_.housekeeping.executor(),
                                                                    .clock = clock_,
                                                                    .random = random_,
                                                                    .log = log_,
                                                                    .counts = *dmarc_counts_},
                                       *live_, make_router(*live_));
}

base::Result<> Host::open_spool() {
  auto opening = spool::open_spool(live_->settings.spool, disk_, clock_, random_, events_,
                                   {.committer = pools_.committer.executor(),
                                    .bodies = pools_.bodies.executor(),
                                    .background = pools_.background.executor(),
                                    .pause = machine_.pause()});
  auto spool = machine_.run_alone(std::move(opening));
  if (!spool) return std::unexpected(spool.error());
  spool_ = std::move(*spool);
  spool_->on_fatal([this](const std::string& reason) { fail("spool_failed", reason); });
  return {};
}

// Any thread.
void Host::fail(std::string_view event, const std::string& reason) {
  log_.error(event, {{"reason", reason}});
  failed_ = true;
  request_stop_();
}

void Host::start() {
  attach_listeners();
  maildrop_->start();
  tasks_.spawn(start_queue());
  tasks_.spawn(watch_certificates());
  certificate_renewal_->start();
  tasks_.spawn(keep_lockouts());
  tasks_.spawn(quarantine_notices_->run());
  tasks_.spawn(watch_tables());
  if (wants_dane(live_->settings.route)) tasks_.spawn(resolver_watch_.run(*parts_[home].resolver));
  serve_control();
  machine_.start_reactors();
}

boost::asio::awaitable<void> Host::start_queue() {
  dmarc_reporting_->start();
  co_await outgoing_tls_->start();  // else the first mail would go without the policies that are known
  auto started = co_await dispatcher_->start();
  // To go on would be to take mail and leave what is in the spool lying there, unseen.
  if (!started) fail("queue_unreadable", "the queue cannot be read: " + started.error().message);
  if (started) co_await account_guard_->run();
}

// ---- control
// -------------------------------------------------------------------------------------------------------------

void Host::serve_control() {
  if (bound_control_.empty()) return;
  control_backend_ = std::make_unique<ControlBackend>(*this);
  control_ = std::make_unique<control::Server>(*control_backend_, clock_, log_);
  control_->guard({.tokens = nullptr, .user = ::geteuid(), .group = ::getegid(), .tls = nullptr});
  if (!bound_http_.empty()) {
    http_ = std::make_unique<control::Server>(*control_backend_, clock_, log_);
    http_->guard(http_guard());
  }
  const auto serve = [&](std::vector<net::BoundSocket>& sockets, std::string_view service, control::Server& server) {
    for (auto& socket : sockets) {
      log_.info("listening", {{"address", base::to_string(socket.local)}, {"service", service}});
      control_listeners_.push_back(machine_.listen(std::move(socket)));
      tasks_.spawn(accept_control(*control_listeners_.back(), server));
    }
    sockets.clear();
  };
  serve(bound_control_, "control", *control_);
  if (http_) serve(bound_http_, "http", *http_);
}

control::Guard Host::http_guard() const {
  const auto& settings = live_->settings.control;
  return {.tokens = std::make_shared<const control::Tokens>(settings.tokens),
          .tls = settings.http_tls ? live_->tls.server : nullptr,
          .needs_tls = settings.http_tls,
          .console = true};
}

boost::asio::awaitable<void> Host::accept_control(net::Listener& listener, control::Server& server) {
  for (;;) {
    auto stream = co_await listener.accept();
    if (!stream && stream.error().kind == base::ErrorKind::cancelled) co_return;
    if (stream) tasks_.spawn(server.serve(std::move(*stream)));
  }
}

}  // namespace godwit::daemon
