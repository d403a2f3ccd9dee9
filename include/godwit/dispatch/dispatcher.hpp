// SPDX-License-Identifier: Apache-2.0
// Takes what is due from the queue, routes it, hands it to an agent, and settles the outcome: delivered, tried again
// later, or bounced.  Owns the queue.  All members run on one reactor (the home); committed() may be called from any
// thread.  Outgoing SMTP connections run on any reactor (lanes), in turns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/deliver/maildir.hpp"
#include "godwit/deliver/smtp_agent.hpp"
#include "godwit/dispatch/measures.hpp"
#include "godwit/dispatch/selector.hpp"
#include "godwit/dispatch/settings.hpp"
#include "godwit/dispatch/way.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/route/router.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/small_file.hpp"
#include "godwit/state/suppressions.hpp"

namespace godwit::route {
class StsSource;
}

namespace godwit::dispatch {

class ReceivedDmarcReports;

// One reactor's outgoing side.
struct Lane {
  boost::asio::any_io_executor executor;
  deliver::SmtpAgent* agent = nullptr;
};

struct Surroundings {
  boost::asio::any_io_executor home;
  net::Network& network;    // of the home reactor; timers
  dns::Resolver& resolver;  // of the home reactor
  spool::Spool& spool;
  deliver::MaildirAgent& maildir;
  std::vector<Lane> lanes;
  const base::Clock& clock;
  base::Random& random;
  log::Logger& log;
  state::SmallFile* suspensions = nullptr;      // remembers them over restarts; may be null
  state::Suppressions* suppressions = nullptr;  // who gets no mail for a time; null: there is no such list
  // So many recipients of an account's message were refused for good.
  std::function<void(const std::string& account, std::size_t recipients)> on_refused = {};
  route::StsSource* sts = nullptr;  // may be null: no MTA-STS
  // With whose keys reports are signed now; may be empty, and give null: they are not.
  std::function<std::shared_ptr<const mailauth::Signers>()> signers = {};
  // Reports of others, read beside their delivery; may be null.
  ReceivedDmarcReports* dmarc_reports = nullptr;
};

// One line of the queue, as an administrator sees it.
struct QueueEntry {
  base::MessageId id;
  mail::Envelope envelope;
  std::uint64_t size = 0;
  std::vector<queue::Item> items;
  std::vector<std::string> reasons;  // of each item: why it waits
  // Of each recipient: what its last reply means; nothing: it had none, or it was delivered.
  std::vector<std::optional<mail::FailureClass>> classes;
};

// What the periodic audit found: every live message of the spool is in the queue.
struct AuditCounts {
  std::uint64_t checked = 0;  // deliveries, over all rounds
  std::uint64_t errors = 0;   // found missing, or an invariant broken
};

class Dispatcher {
 public:
  Dispatcher(Settings settings, std::shared_ptr<const route::Router> router, Surroundings surroundings);
  ~Dispatcher();

  // Queues every live message of the spool, then delivers until stop().  Call on the home reactor.
  boost::asio::awaitable<base::Result<>> start();
  // A message became durable.  Any thread.
  void committed(std::shared_ptr<const spool::StoredMessage> message);
  // Starts no more attempts and waits for those under way until the deadline.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);
  // After stop(): compares queue and spool once more, unless the queue is long or the spool has failed.
  boost::asio::awaitable<void> last_audit(base::MonoTime deadline);
  void reload(Settings settings, std::shared_ptr<const route::Router> router);

  // ---- for control/ (home reactor) ----
  queue::Counts counts() const;
  // The messages that are meant, page by page; costs delivery nothing that shows, however many there are.
  boost::asio::awaitable<base::Result<Selected>> select(Selector selector, Page page);
  boost::asio::awaitable<base::Result<QueueEntry>> show(base::MessageId id);
  // Every step that a message to the address would take; nothing is sent.
  boost::asio::awaitable<Ways> ways(smtp::Mailbox address, smtp::ReversePath sender);
  // The one reason that a message, or what goes to a destination (a recipient domain or a site), waits; the first is of
  // the oldest message.  Empty: nothing of it waits.
  boost::asio::awaitable<std::vector<Waiting>> why(base::MessageId id);
  boost::asio::awaitable<std::vector<Waiting>> why(std::string destination);
  // In order of name, from the first greater than `after`.
  std::vector<queue::SiteView> destinations(std::size_t limit, std::string_view after) const;
  std::map<std::string, queue::Suspension> suspensions() const;
  // Of a domain, a site, or all delivery (empty).  In force at once; completes when a restart would remember it.
  // Errors: exhausted (too many), those of the disk (it is in force nevertheless).
  boost::asio::awaitable<base::Result<>> suspend(std::string name, queue::Suspension suspension);
  boost::asio::awaitable<base::Result<>> resume(std::string name);  // not_found: it was not suspended
  AuditCounts audit() const;
  const Measures& measures() const;
  // Completes when the changes that were made so far survive a crash.  Errors: those of Spool::sync(); they count now,
  // and may be undone by a restart.
  boost::asio::awaitable<base::Result<>> recorded();
  // What waits for this domain is tried at once (ETRN).  Any thread; few of them are under way at a time, and what is
  // too much is not done.
  void start_queue(std::string domain);
  // Of the whole message, which remembers it.  false: no such message.
  bool hold(base::MessageId id, std::string_view why = "by the administrator");
  bool release(base::MessageId id);
  // Tries now what the selector means.  Errors: not_found, refused (nothing of it is meant), those of the spool.
  boost::asio::awaitable<base::Result<>> retry(base::MessageId id, Selector meant = {});
  // Ends the wait of the recipients that the selector means, in the state in which it finds them.  remove: nobody is
  // told; what is in delivery may still arrive.  bounce: the sender gets a report with the administrator's words; what
  // is in delivery is left alone.  Errors: not_found, refused (no such recipient waits, or each is in delivery), those
  // of the spool, exhausted (no room for the report).
  boost::asio::awaitable<base::Result<>> remove(base::MessageId id, Selector recipients = {});
  boost::asio::awaitable<base::Result<>> bounce(base::MessageId id, const std::string& reason,
                                                Selector recipients = {});

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;  // attempts under way keep it alive
};

}  // namespace godwit::dispatch
