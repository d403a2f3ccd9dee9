// SPDX-License-Identifier: Apache-2.0
// What the control API asks of the daemon; daemon/ implements it over dispatch, spool and server.  Called on the
// reactor that serves the control socket, possibly by several requests at once.  Errors become HTTP statuses: not_found
// 404, invalid, corrupt and unsupported input 400, refused 409, exhausted, timed_out and cancelled 503, everything else
// 500.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/lockouts.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/control/configuration.hpp"
#include "godwit/control/event_feed.hpp"
#include "godwit/control/metrics.hpp"
#include "godwit/control/replay.hpp"
#include "godwit/control/status.hpp"
#include "godwit/dispatch/dispatcher.hpp"
#include "godwit/dispatch/dmarc_reports.hpp"
#include "godwit/dispatch/selector.hpp"
#include "godwit/dispatch/tls_reports.hpp"
#include "godwit/log/recent_lines.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/mail/export_file.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/spool/add_message.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/dmarc_counts.hpp"
#include "godwit/state/dmarc_sums.hpp"
#include "godwit/state/history.hpp"
#include "godwit/state/suppressions.hpp"

namespace godwit::control {

template <class T = void>
using Task = boost::asio::awaitable<base::Result<T>>;

struct QueueEntry {
  base::MessageId id;
  mail::Envelope envelope;
  std::uint64_t size = 0;
  std::vector<queue::Item> items;                            // one for each destination that is still open
  std::vector<std::string> reasons{};                        // why each of them waits
  std::vector<std::optional<mail::FailureClass>> classes{};  // of each recipient: what its last reply means
};

// What happened to a message, and what happens next.
struct Trace {
  base::MessageId id;
  std::vector<state::HistoryEvent> events;
  std::optional<QueueEntry> message{};  // where it still is in the queue
};

struct DestinationPage {
  std::vector<queue::SiteView> destinations;
  std::string next;  // `after` of the page that follows; empty: there is none
  std::map<std::string, queue::Suspension> suspensions;
};

struct QueuePage {
  std::vector<QueueEntry> entries;
  std::optional<base::MessageId> next;  // `after` of the page that follows
};

// What is to be done to messages.
struct QueueOrder {
  enum class Verb { retry, hold, release, bounce, remove } verb = Verb::retry;
  std::string reason{};  // of bounce: the administrator's words to the sender; may be empty
};
std::string_view to_string(QueueOrder::Verb verb);  // "delete" for remove

struct QueueChange {
  std::size_t count = 0;                // messages changed
  std::optional<base::MessageId> next;  // as in QueuePage
};

struct Imported {
  base::MessageId id;  // here
  bool again = false;  // it had been imported before, under this id: nothing was done
};

struct ReloadResult {
  bool applied = false;
  std::vector<std::string> errors;          // "file:line:column: ..."; why it was not applied
  std::vector<std::string> restart_needed;  // keys that changed but count only after a restart
};

// Who gets no mail from us for a time; see state/suppressions.hpp.
using state::Suppression;

// Who may not try to log in for a while; see auth/lockouts.hpp.
using auth::Lockouts;

// What somebody has used of what policy.limits allow.
struct LimitUse {
  std::string by{};    // "client"
  std::string of{};    // "messages"
  std::string rate{};  // "100/1h"
  std::string key{};   // "192.0.2.1/32"
  std::uint64_t used = 0;
  std::uint64_t allowed = 0;
  std::optional<base::WallTime> next{};  // when it may do one more; nothing: now
  base::WallTime unused{};               // when everything has come back
};

class SubmissionDesk;

class Backend {
 public:
  virtual ~Backend() = default;
  // Where messages are handed in; null: nowhere.
  virtual SubmissionDesk* submissions() { return nullptr; }
  virtual Task<Status> status() = 0;
  virtual Task<Metrics> metrics() = 0;
  virtual Task<DestinationSums> busiest() = 0;
  virtual Task<log::RecentLines::Tail> log_lines(std::uint64_t after, log::Level least, std::size_t limit) = 0;
  // Of events of this name; empty: all.  exhausted: too many listen.
  virtual Task<std::shared_ptr<EventFeed::Subscription>> events(std::string name) = 0;
  // In order of id.
  virtual Task<QueuePage> queue_list(dispatch::Selector selector, dispatch::Page page) = 0;
  virtual Task<QueueEntry> queue_show(base::MessageId id) = 0;
  // not_found: neither the queue nor the history knows it.
  virtual Task<Trace> trace(base::MessageId id) = 0;
  virtual Task<state::HistoryFound> history_search(state::HistoryQuery query) = 0;
  // Every step that mail to the address would take.
  virtual Task<dispatch::Ways> route(smtp::Mailbox address, smtp::ReversePath sender) = 0;
  // `what`: a message id, an address, a recipient domain or a site.  not_found: an id that nobody knows.
  virtual Task<std::vector<dispatch::Waiting>> why(std::string what) = 0;
  virtual Task<> queue_change(QueueOrder order, base::MessageId id) = 0;
  // One page of the messages that are meant; the caller goes on with `next`.  bounce and remove end the wait of the
  // recipients that are meant, the others change the whole message.
  virtual Task<QueueChange> queue_change_many(QueueOrder order, dispatch::Selector selector, dispatch::Page page) = 0;
  // Completes when the message is durable, and in the queue.  `body` gives the message's bytes.  The same message again
  // makes no second copy.
  virtual Task<Imported> queue_import(mail::ExportFile file, spool::Pieces body) = 0;
  // In order of name.
  virtual Task<DestinationPage> destinations(std::size_t limit, std::string after) = 0;
  // Of a domain, a site, or all delivery (empty), for so long (zero: until it is resumed).
  virtual Task<> suspend(std::string destination, base::Duration wait, std::string reason) = 0;
  virtual Task<> resume(std::string destination) = 0;
  // In order of name.
  virtual Task<std::vector<Lockouts::Lockout>> lockouts(std::size_t limit, std::string after) = 0;
  // An account, a network or an address.  not_found: it is not locked out.
  virtual Task<> unlock(std::string name) = 0;
  // Who has used the largest share of a limit, the first first, but for the first `skipped`.
  virtual Task<std::vector<LimitUse>> limits(std::size_t limit, std::size_t skipped) = 0;
  // Forgets what this key has used, and gives of how many limits.  not_found: nothing is known of it.
  virtual Task<std::size_t> reset_limits(std::string key) = 0;
  // In order of address.  Errors of all three: refused, where suppression.enabled is false.
  virtual Task<std::vector<Suppression>> suppressions(std::size_t limit, std::string after) = 0;
  // For so long (zero: as configured).  Completes when it is durable.
  virtual Task<> suppress(std::string address, base::Duration time, std::string reason) = 0;
  virtual Task<> unsuppress(std::string address) = 0;  // not_found: it is not suppressed
  // Every thread forgets the DNS answers that it keeps.
  virtual Task<> flush_dns() = 0;
  // See dispatch/account_guard.hpp; how many messages were let go, or thrown away.
  virtual Task<std::size_t> release_account(std::string name) = 0;
  virtual Task<std::size_t> purge_account(std::string name) = 0;
  // Orders the daemon's own certificate now; what comes of it shows in the status.  not_found: it gets none.  refused:
  // an order is under way.
  virtual Task<> renew_certificate() = 0;
  // Reports on outgoing TLS, now, of all that was counted since the last ones.
  virtual Task<dispatch::TlsReports::Sent> send_tls_reports() = 0;
  // The same of mail in other domains' names (DMARC).  refused: it is switched off.
  virtual Task<dispatch::DmarcReports::Sent> send_dmarc_reports() = 0;
  // What was counted and is not sent yet.
  virtual Task<std::vector<state::DmarcCounts::Waiting>> dmarc_reports(std::size_t limit,
                                                                       state::DmarcCounts::Day after_day,
                                                                       std::string after_domain) = 0;
  // What others reported of mail in the name of a domain (empty: all), of this time until now.
  virtual Task<std::vector<state::DmarcSums::Domain>> dmarc_summary(std::string domain, base::Duration time) = 0;
  virtual Task<Configuration> configuration() = 0;
  // What a reload would say, with `draft` in place of the main file (nothing: with the files as they are).  Changes
  // nothing.
  virtual Task<ConfigurationCheck> check_configuration(std::optional<std::string> draft) = 0;
  // The last envelopes, by the running configuration and by that which a reload would put in force, with `draft` as
  // above.  Goes on by itself.  refused: another one is under way.
  virtual Task<ReplayStart> start_replay(std::optional<std::string> draft, ReplayOrder order) = 0;
  // The one that began last.  not_found: none did.
  virtual Task<ReplayProgress> replay() = 0;
  // Completes when the new configuration counts, or was refused whole.  force: also where it would refuse more of the
  // mail than reload.refuse_newly_rejected allows.
  virtual Task<ReloadResult> reload(bool force) = 0;
  // Begins the orderly stop and completes before it ends, so that it can still be answered.
  virtual Task<> stop() = 0;
};

}  // namespace godwit::control
