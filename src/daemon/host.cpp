// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "control_backend.hpp"
#include "godwit/base/exception_text.hpp"
#include "own_addresses.hpp"

namespace godwit::daemon {
namespace {

constexpr std::size_t home = 0;  // the reactor of queue, control and reloads
constexpr std::size_t body_threads = 2;
constexpr base::Duration last_words =
    std::chrono::seconds(1);  // at a stop: for QUITs and answers of the control socket
constexpr base::Duration settling_time = std::chrono::seconds(5);  // at a stop: for the outcomes of what was cancelled
constexpr std::size_t unbounded = static_cast<std::size_t>(-1);    // those who wait there are bounded elsewhere

std::size_t reactor_count(const config::Settings& settings) {
  if (settings.threads > 0) return settings.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

std::string_view to_string(smtp::Service service) {
  return service == smtp::Service::mx ? "mx" : "submission";
}

}  // namespace

Host::Host(std::string config_path, std::shared_ptr<const LiveSettings> live, const base::Clock& clock,
           log::FileLogger& log, std::function<void()> request_stop)
    : config_path_(std::move(config_path)),
      live_(std::move(live)),
      clock_(clock),
      log_(log),
      request_stop_(std::move(request_stop)),
      accounts_(live_->accounts),
      limits_(live_->settings.policy),
      reactors_(clock, reactor_count(live_->settings)),
      committer_("committer"),
      bodies_("bodies", body_threads, unbounded),
      maildirs_("maildir", live_->settings.deliver.maildir.threads, unbounded),
      passwords_("passwords", live_->settings.auth.threads, live_->settings.auth.waiting),
      housekeeping_("housekeeping", 1, 4),
      verifier_(accounts_, passwords_, live_->settings.route.origin, log),
      look_again_(reactors_[home].executor(), reactors_[home].deadlines()),
      tasks_(reactors_[home].executor(), reactors_[home].deadlines(), [this](const std::exception_ptr& thrown) {
        log_.error("task_failed", {{"reason", base::exception_text(thrown)}});
      }) {}

Host::~Host() = default;

// ---- start
// ---------------------------------------------------------------------------------------------------------------

base::Result<> Host::bind(InheritedSockets inherited) {
  const auto& listeners = live_->settings.server.listeners;
  auto assigned = inherited.assign(listeners);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    auto sockets = sockets_for(listeners[i], std::move(assigned[i]));
    if (!sockets) return std::unexpected(sockets.error());
    BoundListener bound{.settings = listeners[i], .sockets = std::move(*sockets), .addresses = {}, .names = {}};
    for (const auto& socket : bound.sockets) {
      if (socket.reactor != home) continue;
      bound.addresses.push_back(socket.local);
      bound.names.push_back(base::to_string(socket.local));
    }
    bound_.push_back(std::move(bound));
  }
  if (auto bound = bind_control(inherited); !bound) return bound;
  if (inherited.left().empty()) return {};
  return base::fail(base::ErrorKind::invalid,
                    fmt::format("systemd passed a socket of {} that no listener has: change the listeners or the "
                                "socket unit",
                                base::to_string(inherited.left().front().local)));
}

base::Result<std::vector<net::BoundSocket>> Host::sockets_for(const server::ListenerSettings& listener,
                                                              std::vector<InheritedSocket> inherited) {
  if (inherited.empty()) return net::bind_listeners(listener.address, reactors_.size());
  std::vector<net::BoundSocket> sockets;
  for (auto& one : inherited) {
    auto adopted = net::adopt_listener(std::move(one.descriptor), reactors_.size());
    if (!adopted) return adopted;
    for (auto& socket : *adopted) sockets.push_back(std::move(socket));
  }
  return sockets;
}

base::Result<> Host::bind_control(InheritedSockets& inherited) {
  const auto& path = live_->settings.control.socket;
  if (path.empty()) return {};
  const base::Endpoint endpoint{.address = {}, .port = 0, .unix_path = path};
  auto given = inherited.take(endpoint);
  auto sockets = given ? net::adopt_listener(std::move(given->descriptor), 1)
                       : net::bind_listeners(endpoint, 1, {.backlog = 64, .unix_mode = 0660, .unix_group = {}});
  if (!sockets) return std::unexpected(sockets.error());
  bound_control_ = std::move(*sockets);
  return {};
}

base::Result<> Host::open() {
  auto opened = open_spool();
  if (!opened) return opened;
  const auto& settings = live_->settings;
  maildir_ = std::make_unique<deliver::MaildirAgent>(settings.deliver.maildir, settings.hostname, disk_, clock_,
                                                     random_, maildirs_.executor());
  parts_.resize(reactors_.size());
  for (std::size_t i = 0; i < reactors_.size(); ++i) make_parts(i);
  suspensions_ =
      std::make_unique<state::SmallFile>(settings.state.directory, "suspensions", disk_, housekeeping_.executor());
  std::vector<dispatch::Lane> lanes;
  for (std::size_t i = 0; i < reactors_.size(); ++i)
    lanes.push_back({.executor = reactors_[i].executor(), .agent = parts_[i].agent.get()});
  dispatcher_ = std::make_unique<dispatch::Dispatcher>(dispatch_settings(*live_), make_router(*live_),
                                                       dispatch::Surroundings{.home = reactors_[home].executor(),
                                                                              .network = reactors_[home].network(),
                                                                              .resolver = *parts_[home].resolver,
                                                                              .spool = *spool_,
                                                                              .maildir = *maildir_,
                                                                              .lanes = std::move(lanes),
                                                                              .clock = clock_,
                                                                              .random = random_,
                                                                              .log = log_,
                                                                              .suspensions = suspensions_.get()});
  spool_->on_committed([this](auto message) { dispatcher_->committed(std::move(message)); });
  return {};
}

base::Result<> Host::open_spool() {
  boost::asio::io_context context;
  auto opening = spool::open_spool(live_->settings.spool, disk_, clock_, random_, log_,
                                   {.committer = committer_.executor(), .bodies = bodies_.executor()});
  auto opened = boost::asio::co_spawn(context, std::move(opening), boost::asio::use_future);
  context.run();
  auto spool = opened.get();
  if (!spool) return std::unexpected(spool.error());
  spool_ = std::move(*spool);
  spool_->on_fatal([this](std::string reason) {
    log_.error("spool_failed", {{"reason", reason}});
    failed_ = true;
    request_stop_();
  });
  return {};
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
                                                     live_->tls.client, log_, reactor.executor());
  parts.server = std::make_unique<server::Server>(make_rules(*live_, make_router(*live_)),
                                                  server::Surroundings{.executor = reactor.executor(),
                                                                       .deadlines = reactor.deadlines(),
                                                                       .network = reactor.network(),
                                                                       .scratch = reactor.scratch(),
                                                                       .spool = *spool_,
                                                                       .verifier = &verifier_,
                                                                       .limits = limits_,
                                                                       .clock = clock_,
                                                                       .log = log_});
}

std::vector<base::Endpoint> Host::listening_addresses(const LiveSettings& live) const {
  std::vector<base::Endpoint> addresses;
  for (const auto& listener : bound_)
    if (listener.settings.service == smtp::Service::mx)
      addresses.insert(addresses.end(), listener.addresses.begin(), listener.addresses.end());
  return reachable_at(addresses, live.interfaces);
}

std::shared_ptr<const route::Router> Host::make_router(const LiveSettings& live) const {
  auto exists = [this](const std::string& name) { return accounts_.table()->exists(name); };
  return std::make_shared<const route::Router>(live.settings.route, std::move(exists), listening_addresses(live));
}

std::shared_ptr<const server::Rules> Host::make_rules(const LiveSettings& live,
                                                      std::shared_ptr<const route::Router> router) const {
  auto may_send_as = [this](const std::string& account, const smtp::Mailbox& sender) {
    return accounts_.table()->may_send_as(account, sender);
  };
  return std::make_shared<const server::Rules>(server::Rules{.settings = live.settings.server,
                                                             .policy = live.settings.policy,
                                                             .router = std::move(router),
                                                             .tls = live.tls.server,
                                                             .may_send_as = std::move(may_send_as)});
}

dispatch::Settings Host::dispatch_settings(const LiveSettings& live) const {
  auto settings = live.settings.dispatch;
  settings.hostname = live.settings.hostname;
  settings.maildir_connections = 2 * live.settings.deliver.maildir.threads;  // a writer, and one that is ready
  return settings;
}

void Host::start() {
  attach_listeners();
  tasks_.spawn(start_queue());
  tasks_.spawn(watch_certificates());
  serve_control();
  reactors_.start();
}

boost::asio::awaitable<void> Host::start_queue() {
  auto started = co_await dispatcher_->start();
  if (!started) log_.error("queue_unreadable", {{"reason", started.error().message}});
}

void Host::attach_listeners() {
  for (auto& listener : bound_) {
    for (const auto& name : listener.names)
      log_.info("listening", {{"address", name}, {"service", to_string(listener.settings.service)}});
    for (auto& socket : listener.sockets) {
      const auto index = socket.reactor;
      parts_[index].server->listen(net::make_listener(reactors_[index], std::move(socket)), listener.settings);
    }
    listener.sockets.clear();
  }
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

// ---- reload
// --------------------------------------------------------------------------------------------------------------

boost::asio::awaitable<ReloadOutcome> Host::reload() {
  auto outcome = co_await try_reload();
  log_reload(outcome);
  co_return outcome;
}

boost::asio::awaitable<ReloadOutcome> Host::try_reload() {
  auto reopened = log_.reopen();
  if (!reopened) log_.error("log_not_reopened", {{"reason", reopened.error().message}});
  auto load = [path = config_path_, &clock = clock_] { return load_live_settings(path, clock); };
  auto loaded = co_await housekeeping_.run(std::move(load));
  ReloadOutcome outcome;
  if (!loaded) {
    outcome.errors.push_back("another reload is under way");
    co_return outcome;
  }
  outcome.errors = std::move(loaded->errors);
  outcome.warnings = std::move(loaded->warnings);
  if (!loaded->live) co_return outcome;
  const auto live = std::move(loaded->live);
  outcome.restart_needed = config::restart_needed(live_->settings, live->settings);
  accounts_.replace(live->accounts);
  limits_.change_settings(live->settings.policy);
  log_.set_level(live->settings.log.level);
  const auto router = make_router(*live);
  const auto rules = make_rules(*live, router);
  apply_to_reactors(live, rules);
  dispatcher_->reload(dispatch_settings(*live), router);
  live_ = live;
  look_again_.notify();  // the interval may be another now
  outcome.applied = true;
  co_return outcome;
}

void Host::apply_to_reactors(std::shared_ptr<const LiveSettings> live, std::shared_ptr<const server::Rules> rules) {
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
    log_.error("reload_refused", {{"reason", "the configuration has errors; the old one stays"}});
}

boost::asio::awaitable<void> Host::run_reload() {
  co_await reload();
}

void Host::start_reload() {
  boost::asio::post(reactors_[home].executor(), [this] { tasks_.spawn(run_reload()); });
}

// ---- certificates
// ---------------------------------------------------------------------------------------------------------------

boost::asio::awaitable<void> Host::watch_certificates() {
  for (;;) {
    const auto interval = live_->settings.tls.check_interval;
    const auto next = interval > base::Duration::zero() ? clock_.mono() + interval : base::no_deadline;
    auto woken = co_await look_again_.wait(next);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    if (!woken) co_await refresh_certificates();
  }
}

// Off the reactor: looks at the files, and reads them where they have changed.
boost::asio::awaitable<void> Host::refresh_certificates() {
  const auto before = live_;
  auto look = [before, now = clock_.wall()]() -> std::optional<TlsLoaded> {
    if (!has_changed(before->settings.tls, before->tls)) return {};
    return load_tls(before->settings.tls, now);
  };
  auto looked = co_await housekeeping_.run(std::move(look));
  // A reload meanwhile has read them too.
  if (!looked || !*looked || live_ != before) co_return;
  const auto& loaded = **looked;
  for (const auto& complaint : loaded.complaints) log_.error("certificate_refused", {{"reason", complaint.message}});
  auto next = std::make_shared<LiveSettings>(*before);
  next->tls = replaced(before->tls, loaded);
  live_ = next;
  if (!loaded.complaints.empty()) co_return;
  apply_to_reactors(live_, make_rules(*live_, make_router(*live_)));
  for (const auto& certificate : live_->tls.certificates)
    log_.info("certificate_reloaded",
              {{"file", certificate.file},
               {"subject", certificate.subject},
               {"expires", base::format_rfc3339(certificate.expires.value_or(base::WallTime{}))}});
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
  tasks_.close();
  auto ended = co_await tasks_.wait_empty(clock_.mono() + last_words);
  if (!ended) tasks_.cancel();
}

// In the direction of the mail: nothing more comes in, what is on its way out ends, then the spool.  Whoever did not
// end in its time is destroyed only when all threads have ended, and before anything that it uses.
void Host::stop() {
  base::Duration grace{};
  auto read_grace = [](const Host& host, base::Duration& result) -> boost::asio::awaitable<void> {
    result = host.live_->settings.stop_grace;
    co_return;
  };
  run_on(home, read_grace(*this, grace));  // a reload may be replacing the settings
  const auto deadline = clock_.mono() + grace;
  run_everywhere([deadline](Parts& parts) { return parts.server->stop(deadline); });
  run_on(home, dispatcher_->stop(deadline));
  run_everywhere([this](Parts& parts) { return parts.agent->stop(clock_.mono() + last_words); });
  // Attempts that the agents had to cancel have outcomes now.
  run_on(home, dispatcher_->stop(clock_.mono() + settling_time));
  run_on(home, stop_control());
  run_on(home, spool_->stop());
  reactors_.begin_stop();
  reactors_.stop();
  reactors_.join();
  for (auto* pool : {&bodies_, &maildirs_, &passwords_, &housekeeping_}) pool->stop();
  committer_.stop();
  for (auto* pool : {&bodies_, &maildirs_, &passwords_, &housekeeping_}) pool->join();
  committer_.join();
  reactors_.abandon();
}

}  // namespace godwit::daemon
