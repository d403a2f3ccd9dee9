// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "control_backend.hpp"
#include "godwit/auth/account_names.hpp"
#include "godwit/base/exception_text.hpp"
#include "run_alone.hpp"

namespace godwit::daemon {
namespace {

constexpr std::size_t body_threads = 2;
constexpr std::size_t local_threads = 2;
constexpr std::size_t local_waiting = 256;
constexpr base::Duration last_words =
    std::chrono::seconds(1);  // at a stop: for QUITs and answers of the control socket
constexpr base::Duration settling_time = std::chrono::seconds(5);  // at a stop: for the outcomes of what was cancelled
constexpr std::size_t unbounded = static_cast<std::size_t>(-1);    // those who wait there are bounded elsewhere

std::size_t reactor_count(const config::Settings& settings) {
  if (settings.threads > 0) return settings.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Host::Host(std::string config_path, std::shared_ptr<const LiveSettings> live, const base::Clock& clock,
           log::FileLogger& log, std::function<void()> request_stop)
    : config_path_(std::move(config_path)),
      live_(std::move(live)),
      clock_(clock),
      log_(log),
      request_stop_(std::move(request_stop)),
      accounts_(live_->accounts.all),
      lockouts_(live_->settings.auth.lockouts),
      limits_(live_->settings.policy),
      rates_(live_->settings.policy),
      tarpit_(live_->settings.policy.connections / 10),
      account_limits_(live_->settings.policy),
      breaker_(live_->settings.policy.breaker),
      list_health_(log),
      reactors_(clock, reactor_count(live_->settings)),
      committer_("committer"),
      bodies_("bodies", body_threads, unbounded),
      maildirs_("maildir", live_->settings.deliver.maildir.threads, unbounded),
      passwords_("passwords", live_->settings.auth.threads, live_->settings.auth.waiting),
      local_("local", local_threads, local_waiting),
      lookups_("lookups", live_->settings.auth.lookup_threads, live_->settings.auth.waiting),
      recipients_("recipients", live_->settings.auth.lookup_threads, live_->settings.lookup.waiting),
      housekeeping_("housekeeping", 1, 4),
      histories_("history", 1, unbounded),
      history_(live_->settings.state.directory + "/history", live_->settings.state.history, disk_, clock_, log_,
               histories_.executor()),
      events_(log_, history_),
      verifier_({.accounts = accounts_, .stores = stores_, .pool = passwords_, .random = random_, .log = log},
                live_->settings.route.origin),
      users_(local_, clock),
      maildrop_limits_({}),
      resolver_watch_(reactors_[home], clock, log),
      look_again_(reactors_[home].executor(), reactors_[home].deadlines()),
      lockouts_due_(reactors_[home].executor(), reactors_[home].deadlines()),
      look_at_tables_(reactors_[home].executor(), reactors_[home].deadlines()),
      tasks_(reactors_[home].executor(), reactors_[home].deadlines(), [this](const std::exception_ptr& thrown) {
        log_.error("task_failed", {{"reason", base::exception_text(thrown)}});
      }) {
  stores_.replace(make_stores(live_->settings.auth, live_->accounts, back_end_parts()));
  verifier_.use_introspection(make_introspection(live_->settings.auth, back_end_parts()));
  recipient_lookups_ = make_recipient_lookups(*live_);
}

Host::~Host() = default;

// ---- start
// ---------------------------------------------------------------------------------------------------------------

base::Result<> Host::open() {
  auto opened = open_spool();
  if (!opened) return opened;
  auto decoy = own_secret("decoy_secret");
  if (!decoy) return std::unexpected(decoy.error());
  verifier_.use_decoy_secret(std::move(*decoy));
  auto srs = own_secret("srs_secret");
  if (!srs) return std::unexpected(srs.error());
  srs_secret_ = std::move(*srs);
  history_.start();
  const auto& settings = live_->settings;
  open_suppressions();
  greylist_ = std::make_unique<state::Greylist>(settings.state, housekeeping_.executor(), clock_, log_);
  greylist_->open();
  maildir_ = std::make_unique<deliver::MaildirAgent>(settings.deliver.maildir, settings.hostname, disk_, clock_,
                                                     random_, maildirs_.executor(), reactors_[home].executor(),
                                                     reactors_[home].deadlines());
  parts_.resize(reactors_.size());
  for (std::size_t i = 0; i < reactors_.size(); ++i) make_parts(i);
  maildrop_ = std::make_unique<server::Maildrop>(config::maildrop(settings), make_rules(*live_, make_router(*live_)),
                                                 server_surroundings(home, maildrop_limits_), local_, random_);
  suspensions_ =
      std::make_unique<state::SmallFile>(settings.state.directory, "suspensions", disk_, housekeeping_.executor());
  make_outgoing_tls();
  std::vector<dispatch::Lane> lanes;
  for (std::size_t i = 0; i < reactors_.size(); ++i)
    lanes.push_back({.executor = reactors_[i].executor(), .agent = parts_[i].agent.get()});
  auto on_refused = [this](const std::string& account, std::size_t recipients) {
    breaker_.refused(account, recipients, clock_.wall());
  };
  dispatcher_ = std::make_unique<dispatch::Dispatcher>(dispatch_settings(*live_), make_router(*live_),
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
                                                                              .sts = &outgoing_tls_->policies()});
  spool_->on_committed([this](auto message) { dispatcher_->committed(std::move(message)); });
  open_account_guard();
  recall_lockouts();
  return {};
}

void Host::make_outgoing_tls() {
  outgoing_tls_ = std::make_unique<OutgoingTls>(OutgoingTls::Surroundings{.home = reactors_[home],
                                                                          .resolver = *parts_[home].resolver,
                                                                          .spool = *spool_,
                                                                          .disk = disk_,
                                                                          .pool = housekeeping_.executor(),
                                                                          .clock = clock_,
                                                                          .random = random_,
                                                                          .log = log_},
                                                *live_, make_router(*live_));
  for (auto& parts : parts_) parts.agent->on_tls_session(outgoing_tls_->counter());
}

base::Result<> Host::open_spool() {
  auto opening = spool::open_spool(live_->settings.spool, disk_, clock_, random_, events_,
                                   {.committer = committer_.executor(), .bodies = bodies_.executor()});
  auto spool = run_alone(std::move(opening));
  if (!spool) return std::unexpected(spool.error());
  spool_ = std::move(*spool);
  spool_->on_fatal([this](std::string reason) { fail("spool_failed", reason); });
  return {};
}

// Any thread.
void Host::fail(std::string_view event, const std::string& reason) {
  log_.error(event, {{"reason", reason}});
  failed_ = true;
  request_stop_();
}

void Host::make_parts(std::size_t index) {
  auto& reactor = reactors_[index];
  auto& parts = parts_[index];
  const auto& settings = live_->settings;
  parts.transport = std::make_unique<net::AresTransport>(reactor.executor(), settings.dns, random_);
  auto dns_settings = settings.dns;
  dns_settings.trust_ad = net::decide_trust_ad(settings.dns);
  parts.resolver = std::make_unique<dns::CachingResolver>(*parts.transport, clock_, dns_settings);
  parts.agent = std::make_unique<deliver::SmtpAgent>(settings.deliver, reactor.network(), reactor.deadlines(),
                                                     live_->tls.client, events_, reactor.executor());
  auto note = [this](const std::exception_ptr& thrown) {
    log_.error("task_failed", {{"reason", base::exception_text(thrown)}});
  };
  parts.check_tasks = std::make_unique<net::TaskGroup>(reactor.executor(), reactor.deadlines(), std::move(note));
  parts.checks = std::make_unique<policy::CheckSurroundings>(policy::CheckSurroundings{.executor = reactor.executor(),
                                                                                       .deadlines = reactor.deadlines(),
                                                                                       .network = reactor.network(),
                                                                                       .resolver = *parts.resolver,
                                                                                       .tasks = *parts.check_tasks,
                                                                                       .clock = clock_,
                                                                                       .log = log_});
  parts.server =
      std::make_unique<server::Server>(make_rules(*live_, make_router(*live_)), server_surroundings(index, limits_));
}

server::Surroundings Host::server_surroundings(std::size_t reactor, policy::ConnectionLimits& limits) {
  auto& its = reactors_[reactor];
  auto start_queue = [this](const std::string& domain) { dispatcher_->start_queue(domain); };
  return {.executor = its.executor(),
          .deadlines = its.deadlines(),
          .network = its.network(),
          .scratch = its.scratch(),
          .spool = *spool_,
          .verifier = &verifier_,
          .lockouts = &lockouts_,
          .users = &users_,
          .limits = limits,
          .acquaintances = acquaintances_,
          .rates = rates_,
          .tarpit = tarpit_,
          .account_limits = account_limits_,
          .breaker = breaker_,
          .suppressions = suppressions_.get(),
          .resolver = parts_[reactor].resolver.get(),
          .checks = parts_[reactor].checks.get(),
          .start_queue = std::move(start_queue),
          .clock = clock_,
          .log = events_};
}

std::shared_ptr<const route::Router> Host::make_router(const LiveSettings& live) const {
  const auto& srs = live.settings.route.srs;
  const auto secrets = srs.secrets.empty() ? std::vector<std::string>{srs_secret_} : srs.secrets;
  auto return_paths = std::make_shared<const route::ReturnPaths>(secrets, live.settings.route, clock_);
  return std::make_shared<const route::Router>(live.settings.route, recipient_lookups_, listening_addresses(live),
                                               std::move(return_paths));
}

route::Lookups Host::make_recipient_lookups(const LiveSettings& live) {
  const auth::BackEndParts parts{.pool = recipients_, .clock = clock_, .random = random_};
  route::Lookups lookups;
  lookups.accounts = std::make_shared<auth::AccountNames>(make_stores(live.settings.auth, live.accounts, parts),
                                                          live.settings.lookup.cache, clock_);
  lookups.tables = make_tables(live.settings.lookup, live.tables, recipients_, clock_);
  add_lmtp_tables(live.settings.route, live.settings.lookup.cache, recipients_, clock_, lookups.tables);
  return lookups;
}

std::shared_ptr<const server::Rules> Host::make_rules(const LiveSettings& live,
                                                      std::shared_ptr<const route::Router> router) {
  auto may_send_as = [this](const std::string& account, const smtp::Mailbox& sender) {
    return auth::may_send_as(account, {}, sender) || accounts_.table()->may_send_as(account, sender);
  };
  return std::make_shared<const server::Rules>(server::Rules{.settings = live.settings.server,
                                                             .policy = live.settings.policy,
                                                             .verification = live.settings.mailauth,
                                                             .router = std::move(router),
                                                             .tls = live.tls.server,
                                                             .client_authorities = live.tls.client_authorities,
                                                             .may_send_as = std::move(may_send_as),
                                                             .signers = live.signers,
                                                             .checks = make_check_lists(live)});
}

server::CheckLists Host::make_check_lists(const LiveSettings& live) {
  const policy::CheckStores stores{.list_health = &list_health_, .greylist = greylist_.get()};
  list_health_.keep_only(live.settings.policy.dns_lists.zones());
  const auto& policy = live.settings.policy;
  std::vector<std::vector<std::string>> wanted{policy.checks.mx, policy.checks.submission, policy.checks.local};
  for (const auto& listener : live.settings.server.listeners)
    if (listener.checks) wanted.push_back(*listener.checks);
  server::CheckLists lists;
  for (const auto& names : wanted) lists[names] = policy::make_check_list(names, policy, stores);
  return lists;
}

dispatch::Settings Host::dispatch_settings(const LiveSettings& live) const {
  auto settings = live.settings.dispatch;
  settings.hostname = live.settings.hostname;
  settings.maildir_connections = 2 * live.settings.deliver.maildir.threads;  // a writer, and one that is ready
  return settings;
}

void Host::start() {
  attach_listeners();
  maildrop_->start();
  tasks_.spawn(start_queue());
  tasks_.spawn(watch_certificates());
  tasks_.spawn(keep_lockouts());
  tasks_.spawn(watch_tables());
  if (wants_dane(live_->settings.route)) tasks_.spawn(resolver_watch_.run(*parts_[home].resolver));
  serve_control();
  reactors_.start();
}

boost::asio::awaitable<void> Host::start_queue() {
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
  auto& reactor = reactors_[home];
  log_.info("listening", {{"address", base::to_string(bound_control_.front().local)}, {"service", "control"}});
  control_backend_ = std::make_unique<ControlBackend>(*this);
  control_ = std::make_unique<control::Server>(*control_backend_, clock_, log_);
  control_listener_ = net::make_listener(reactor, std::move(bound_control_.front()));
  tasks_.spawn(accept_control());
}

boost::asio::awaitable<void> Host::accept_control() {
  for (;;) {
    auto stream = co_await control_listener_->accept();
    if (!stream && stream.error().kind == base::ErrorKind::cancelled) co_return;
    if (stream) tasks_.spawn(control_->serve(std::move(*stream)));
  }
}

// ---- stop
// ----------------------------------------------------------------------------------------------------------------

void Host::run_on(std::size_t reactor, boost::asio::awaitable<void> task) {
  boost::asio::co_spawn(reactors_[reactor].executor(), std::move(task), boost::asio::use_future).get();
}

void Host::run_everywhere(const std::function<boost::asio::awaitable<void>(Parts&)>& task) {
  std::vector<std::future<void>> running;
  for (std::size_t i = 0; i < reactors_.size(); ++i)
    running.push_back(boost::asio::co_spawn(reactors_[i].executor(), task(parts_[i]), boost::asio::use_future));
  for (auto& one : running) one.get();
}

boost::asio::awaitable<void> Host::stop_control() {
  if (control_) {
    control_listener_->close();
    control_->stop();
  }
  look_again_.cancel();
  lockouts_due_.cancel();
  look_at_tables_.cancel();
  resolver_watch_.stop();
  tasks_.close();
  auto ended = co_await tasks_.wait_empty(clock_.mono() + last_words);
  if (!ended) tasks_.cancel();
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
  run_everywhere([deadline](Parts& parts) { return parts.server->stop(deadline); });
  run_on(home, maildrop_->stop(deadline));
  maildir_->stop();
  run_on(home, dispatcher_->stop(deadline));
  run_everywhere([this](Parts& parts) { return parts.agent->stop(clock_.mono() + last_words); });
  // Attempts that the agents had to cancel have outcomes now.
  run_on(home, dispatcher_->stop(clock_.mono() + settling_time));
  run_on(home, save_suppressions());
  run_on(home, save_greylist());
  run_on(home, account_guard_->stop());
  run_on(home, stop_control());
  run_on(home, remember_lockouts());
  run_on(home, outgoing_tls_->stop(clock_.mono() + last_words));
  run_on(home, spool_->stop());
  run_on(home, history_.stop());
  reactors_.begin_stop();
  reactors_.stop();
  reactors_.join();
  for (auto* pool : {&bodies_, &maildirs_, &passwords_, &lookups_, &recipients_, &local_, &housekeeping_, &histories_})
    pool->stop();
  committer_.stop();
  for (auto* pool : {&bodies_, &passwords_, &lookups_, &recipients_, &local_, &housekeeping_, &histories_})
    pool->join();
  committer_.join();
  if (!maildirs_.join_for(last_words)) {
    log_.error("folder_hangs",
               {{"reason", "a mail folder does not answer; what was under way there stays in the queue"}});
    return false;
  }
  // Lookups under way end here; whoever awaits them is among the abandoned.
  for (auto& parts : parts_) parts.transport.reset();
  reactors_.abandon();
  return true;
}

}  // namespace godwit::daemon
