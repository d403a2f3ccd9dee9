// SPDX-License-Identifier: Apache-2.0
// One mail host: constructs every part, connects them, starts them in the order of its members and stops them in
// reverse. bind() needs root for low ports; open() and run() do not.  All calls on the main thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dmarc_reporting.hpp"
#include "file_rules.hpp"
#include "godwit/acme/renewal.hpp"
#include "godwit/auth/accounts.hpp"
#include "godwit/auth/local_users.hpp"
#include "godwit/auth/lockouts.hpp"
#include "godwit/auth/verifier.hpp"
#include "godwit/base/random.hpp"
#include "godwit/control/counting_logger.hpp"
#include "godwit/control/event_feed.hpp"
#include "godwit/control/server.hpp"
#include "godwit/deliver/maildir.hpp"
#include "godwit/deliver/smtp_agent.hpp"
#include "godwit/dispatch/account_guard.hpp"
#include "godwit/dispatch/dispatcher.hpp"
#include "godwit/dispatch/quarantine_notices.hpp"
#include "godwit/dns/caching_resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/log/recent_lines.hpp"
#include "godwit/net/haste.hpp"
#include "godwit/net/listener.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/policy/callouts.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/connection_limits.hpp"
#include "godwit/policy/limits.hpp"
#include "godwit/policy/milter_connections.hpp"
#include "godwit/server/maildrop.hpp"
#include "godwit/server/server.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/greylist.hpp"
#include "godwit/state/history.hpp"
#include "godwit/state/recipient_answers.hpp"
#include "godwit/state/recording_logger.hpp"
#include "godwit/state/small_file.hpp"
#include "inherited_sockets.hpp"
#include "live_settings.hpp"
#include "machine.hpp"
#include "outgoing_tls.hpp"
#include "replay.hpp"
#include "resolver_watch.hpp"
#include "socket_store.hpp"

namespace godwit::daemon {

class ControlBackend;
class ControlSubmissions;

struct ReloadOutcome {
  bool applied = false;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  std::vector<std::string> restart_needed;
  // Why it was not applied.
  std::string_view refused_because = "the configuration has errors; the old one stays";
};

// Why a reload is not applied, though there is no error in it.
struct ReloadRefusal {
  std::string_view reason;
  std::vector<std::string> errors;
};

class Host {
 public:
  // request_stop: asks the main thread to stop the host; called from any thread.
  Host(std::string config_path, std::shared_ptr<const LiveSettings> live, Machine& machine, log::FileLogger& log,
       const log::RecentLines& recent_log, std::function<void()> request_stop);
  ~Host();

  // `inherited` sockets serve the listeners they fit; the others are bound here, and kept for the next process where
  // the service manager does that.
  base::Result<> bind(InheritedSockets inherited);
  // What a reload names beyond these needs a restart.  Empty: everything can be opened.
  void keep_to(Reach reach) { reach_ = std::move(reach); }
  base::Result<> open();
  void start();
  // Serves until the grace period of a stop is over or everything has ended by itself; the spool is synced.
  // False: a thread hangs in the system (a mail folder that does not answer).  All is recorded, but the host cannot be
  // destroyed: the process must end.
  bool stop();
  // Home reactor.  Whole or not at all; connections stay up; what came of it is logged.
  // force: also where it refuses more mail than reload.refuse_newly_rejected allows.
  boost::asio::awaitable<ReloadOutcome> reload(bool force);
  // From the main thread, for SIGHUP.
  void start_reload();
  // The spool failed, or its queue could not be read: exit for a restart.
  bool failed() const { return failed_; }

 private:
  friend class ControlBackend;
  friend class ControlSubmissions;
  static constexpr std::size_t home = 0;  // the reactor of queue, control and reloads
  struct BoundListener {
    server::ListenerSettings settings;
    std::vector<net::BoundSocket> sockets;  // until they are attached
    std::vector<base::Endpoint> addresses;
    std::vector<std::string> names;
  };
  // What each reactor has.
  struct Parts {
    std::unique_ptr<dns::Transport> transport;
    std::unique_ptr<dns::CachingResolver> resolver;
    std::unique_ptr<deliver::SmtpAgent> agent;
    std::unique_ptr<policy::MilterConnections> milters;
    std::unique_ptr<policy::KeptConnections> connections;  // to what checks ask
    std::unique_ptr<net::TaskGroup> check_tasks;           // what checks have begun and nobody waits for any more
    std::unique_ptr<net::Haste> haste;                     // with checks, when the host stops
    std::unique_ptr<policy::CheckSurroundings> checks;
    std::unique_ptr<server::Server> server;
    base::Histogram accept_time{base::latency_bounds};
  };

  base::Result<std::vector<net::BoundSocket>> sockets_for(const server::ListenerSettings& listener,
                                                          std::vector<InheritedSocket> inherited);
  base::Result<> bind_control(InheritedSockets& inherited);
  base::Result<> bind_http(std::vector<InheritedSocket> left);
  base::Result<> bind_submit(InheritedSockets& inherited);
  void store_sockets(SocketStore kept);
  void keep_bound(server::ListenerSettings settings, std::vector<net::BoundSocket> sockets);
  base::Result<> open_spool();
  base::Result<std::string> own_secret(const std::string& name);
  void open_suppressions();
  boost::asio::awaitable<void> save_suppressions();
  boost::asio::awaitable<void> save_greylist();
  void open_account_guard();
  void open_quarantine_notices();
  void recall_lockouts();
  boost::asio::awaitable<void> remember_lockouts();
  boost::asio::awaitable<void> keep_lockouts();
  auth::BackEndParts back_end_parts() { return {.pool = pools_.lookups, .clock = clock_, .random = random_}; }
  // What recipients are looked up in: apart from logins, whose turn would come late in a flood of either.
  route::Lookups make_recipient_lookups(const LiveSettings& live);
  void make_parts(std::size_t index);
  void make_outgoing_tls();
  void make_callouts();
  boost::asio::awaitable<deliver::Outcomes> inquire(std::string domain, std::vector<smtp::Mailbox> recipients);
  boost::asio::awaitable<void> stop_serving(Parts& parts, base::Duration grace, base::MonoTime deadline);
  boost::asio::awaitable<void> stop_callouts(base::MonoTime deadline);
  void make_dmarc_reporting();
  acme::Renewal::Configuration renewal_configuration(const LiveSettings& live) const;
  void make_certificate_renewal();
  server::Surroundings server_surroundings(std::size_t reactor, policy::ConnectionLimits& limits);
  std::shared_ptr<const route::Router> make_router(const LiveSettings& live) const {
    return make_router(live, recipient_lookups_);
  }
  std::shared_ptr<const route::Router> make_router(const LiveSettings& live, const route::Lookups& lookups) const;
  std::shared_ptr<const server::Rules> make_rules(const LiveSettings& live,
                                                  std::shared_ptr<const route::Router> router);
  server::CheckLists make_check_lists(const LiveSettings& live);
  dispatch::Settings dispatch_settings(const LiveSettings& live) const;
  std::vector<base::Endpoint> listening_addresses(const LiveSettings& live) const;
  void attach_listeners();
  void serve_control();
  boost::asio::awaitable<ReloadOutcome> try_reload(bool force);
  boost::asio::awaitable<bool> take_renewed_certificates(std::shared_ptr<const LiveSettings> since,
                                                         std::shared_ptr<LiveSettings> next);
  void log_reload(const ReloadOutcome& outcome);
  boost::asio::awaitable<void> accept_control(net::Listener& listener, control::Server& server);
  control::Guard http_guard() const;
  boost::asio::awaitable<void> start_queue();
  void fail(std::string_view event, const std::string& reason);
  boost::asio::awaitable<void> run_reload();
  enum class AskDns { yes, no };
  server::RehearsalRules rehearsal_rules(const std::shared_ptr<const LiveSettings>& live, const route::Lookups& lookups,
                                         AskDns dns);
  boost::asio::awaitable<control::ReplayReport> replay(std::shared_ptr<const LiveSettings> next,
                                                       control::ReplayOrder order, Replayed which, base::Duration time,
                                                       control::ReplayProgress& progress);
  boost::asio::awaitable<base::Result<control::ReplayStart>> start_replay(std::optional<std::string> draft,
                                                                          control::ReplayOrder order);
  boost::asio::awaitable<void> run_replay(std::shared_ptr<const LiveSettings> next, control::ReplayOrder order,
                                          std::shared_ptr<control::ReplayProgress> progress);
  // Of a reload that would refuse too much of the mail that came; nothing: it may go on.
  boost::asio::awaitable<std::optional<ReloadRefusal>> gate(std::shared_ptr<const LiveSettings> next);
  boost::asio::awaitable<void> watch_certificates();
  boost::asio::awaitable<void> watch_tables();
  boost::asio::awaitable<void> refresh_certificates();
  void note_out_of_date();
  void apply_to_reactors(const std::shared_ptr<const LiveSettings>& live,
                         const std::shared_ptr<const server::Rules>& rules);
  boost::asio::awaitable<void> stop_control();
  // Runs an awaitable on a reactor and waits for it; main thread only.
  void run_on(std::size_t reactor, boost::asio::awaitable<void> task);
  // Likewise on the home reactor.  False: it takes longer, and goes on by itself.
  bool run_until(base::MonoTime deadline, boost::asio::awaitable<void> task);
  bool join_folders();
  // One on each reactor, side by side; waits for all.
  void run_everywhere(const std::function<boost::asio::awaitable<void>(Parts&)>& task);

  std::string config_path_;
  std::shared_ptr<const LiveSettings> live_;  // replaced on the home reactor
  Machine& machine_;
  const base::Clock& clock_;
  log::FileLogger& log_;
  const log::RecentLines& recent_log_;
  std::function<void()> request_stop_;
  std::atomic<bool> failed_ = false;
  Reach reach_;

  base::Random& random_;
  disk::Disk& disk_;
  auth::Accounts accounts_;
  auth::Stores stores_;
  auth::Lockouts lockouts_;
  policy::ConnectionLimits limits_;
  policy::Acquaintances acquaintances_;
  policy::Tarpit tarpit_;
  std::shared_ptr<policy::Limits> policy_limits_;  // replaced on the home reactor
  policy::AccountBreaker breaker_;
  policy::ListHealth list_health_;
  policy::ListHealth replayed_lists_;  // of lists as replays ask them, which says nothing to those in force
  net::ReactorPool& reactors_;
  Pools& pools_;
  state::History history_;
  state::History refusals_;  // envelopes that were refused; by the same thread
  control::EventFeed feed_;
  state::RecordingLogger recorded_;  // the log, and the history
  control::FeedingLogger fed_;       // and those who listen
  control::CountingLogger events_;   // and the metrics: for those who have something to tell of a message
  std::vector<BoundListener> bound_;
  std::vector<net::BoundSocket> bound_control_;
  std::vector<net::BoundSocket> bound_http_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<state::RecipientAnswers> recipient_answers_;
  std::shared_ptr<policy::Callouts> callouts_;
  route::Lookups recipient_lookups_;             // the present ones; home reactor
  std::shared_ptr<const route::Router> router_;  // likewise
  auth::Verifier verifier_;
  auth::LocalUsers users_;
  std::unique_ptr<deliver::MaildirAgent> maildir_;
  std::vector<Parts> parts_;
  policy::ConnectionLimits maildrop_limits_;  // its one connection counts against nobody
  std::unique_ptr<server::Maildrop> maildrop_;
  std::unique_ptr<ControlSubmissions> submissions_;
  std::unique_ptr<state::SmallFile> suspensions_;
  std::unique_ptr<state::Suppressions> suppressions_;  // null: off
  std::unique_ptr<state::Greylist> greylist_;
  std::unique_ptr<state::DmarcCounts> dmarc_counts_;
  std::string srs_secret_;  // signs where none is configured
  std::unique_ptr<OutgoingTls> outgoing_tls_;
  std::unique_ptr<DmarcReporting> dmarc_reporting_;
  std::unique_ptr<acme::Renewal> certificate_renewal_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  std::unique_ptr<state::SmallFile> known_accounts_;
  std::unique_ptr<dispatch::AccountGuard> account_guard_;
  std::unique_ptr<state::SmallFile> kept_notices_;
  std::unique_ptr<dispatch::QuarantineNotices> quarantine_notices_;
  std::unique_ptr<state::SmallFile> kept_lockouts_;
  std::string lockouts_text_;                                 // as it was written last
  std::shared_ptr<control::ReplayProgress> replay_progress_;  // of the replay that began last; null: none did
  bool reloading_ = false;
  std::unique_ptr<ControlBackend> control_backend_;
  std::unique_ptr<control::Server> control_;
  std::unique_ptr<control::Server> http_;  // the same over TCP, for who has a token; null: there is none
  std::vector<std::unique_ptr<net::Listener>> control_listeners_;
  ResolverWatch resolver_watch_;
  net::Signal look_again_;    // at the certificates
  net::Signal lockouts_due_;  // to be remembered
  net::Signal look_at_tables_;
  std::set<std::string> out_of_date_;  // what was said of certificates in force
  net::TaskGroup tasks_;  // of the home reactor: the control socket's connections, reloads, the certificates' watch
};

}  // namespace godwit::daemon
