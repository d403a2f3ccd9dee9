// SPDX-License-Identifier: Apache-2.0
// The dispatcher's inside; see include/godwit/dispatch/dispatcher.hpp.  Home reactor only, but for committed().
// intake.cpp: what comes into the queue; deliveries.cpp and routing.cpp: what goes out of it; administration.cpp and
// ending.cpp: who asks and orders; ways.cpp: where mail would go; events.cpp: what is logged.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "answers.hpp"
#include "audit.hpp"
#include "clock_jumps.hpp"
#include "failures.hpp"
#include "fresh_messages.hpp"
#include "godwit/dispatch/dispatcher.hpp"
#include "parts.hpp"
#include "reporter.hpp"
#include "selection.hpp"
#include "settlement.hpp"
#include "site_policy.hpp"
#include "transaction.hpp"
#include "working_copies.hpp"

namespace godwit::dispatch {

class Dispatcher::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(Settings settings, std::shared_ptr<const route::Router> router, Surroundings surroundings);

  boost::asio::awaitable<base::Result<>> start();
  void committed(std::shared_ptr<const spool::StoredMessage> message);
  boost::asio::awaitable<void> stop(base::MonoTime deadline);
  boost::asio::awaitable<void> last_audit(base::MonoTime deadline);
  void reload(Settings settings, std::shared_ptr<const route::Router> router);

  const queue::Queue& queue() const { return queue_; }
  boost::asio::awaitable<base::Result<>> recorded() { return around_.spool.sync(); }
  Selection& selection() { return selection_; }
  boost::asio::awaitable<base::Result<QueueEntry>> show(base::MessageId id);
  boost::asio::awaitable<Ways> ways(smtp::Mailbox address, smtp::ReversePath sender);
  boost::asio::awaitable<std::vector<Waiting>> why(base::MessageId id);
  boost::asio::awaitable<std::vector<Waiting>> why(std::string destination);
  boost::asio::awaitable<base::Result<>> retry(base::MessageId id, Selector meant);
  void post_start_queue(std::string domain);
  bool hold(base::MessageId id, std::string_view why);
  bool release(base::MessageId id);
  boost::asio::awaitable<base::Result<>> suspend(std::string name, queue::Suspension suspension);
  boost::asio::awaitable<base::Result<>> resume(std::string name);
  const AuditCounts& audit() const { return audit_counts_; }
  const Measures& measures() const { return measures_; }
  // remove and bounce: see Dispatcher.  ended: deleted, bounced.
  boost::asio::awaitable<base::Result<>> end(base::MessageId id, Selector recipients, mail::RecipientState ended,
                                             smtp::Reply reply);

 private:
  using Message = std::shared_ptr<const spool::StoredMessage>;
  // What an item's way was, for those who settle and log it.
  struct Attempted {
    deliver::Outcomes outcomes;
    bool counts = true;      // false: nothing was tried, it is only spoken for
    bool with_site = false;  // failed because its site did
    // One for all that were attempted together: what fails comes together again.
    base::WallTime now{};
    double fraction = 0.5;  // of the jitter
  };

  // Asks for the way of an item with this grant since then.
  struct Lookup {
    queue::Grant grant;
    base::MonoTime since{};
  };

  // What the clock says.  When it was set, the queue hears so first.
  base::WallTime now();
  // By how much it was set since the message was accepted.
  base::Duration jumped_since(const spool::StoredMessage& message) const {
    return clock_jumps_.since(message.id, message.envelope.accepted);
  }

  // ---- intake
  // Why a rule holds it.
  std::optional<std::string> add(queue::Item item, const smtp::ReversePath& sender);
  // True: something of it is to be attempted.
  bool enqueue(base::MessageId id, const mail::Envelope& envelope, std::uint64_t size);
  void enqueue(const spool::Summary& summary, base::WallTime started);

  void start_queue(std::string domain);
  boost::asio::awaitable<void> retry_all(std::string domain);
  boost::asio::awaitable<void> recall_suspensions();
  boost::asio::awaitable<base::Result<>> remember_suspensions();
  // Those that a jump of the clock moved, or that ended: else a restart would find them as they were.
  void remember_moved_suspensions();
  // Audits now and then, and puts back what was forgotten.
  boost::asio::awaitable<void> watch();
  // Beside what the reactor does, and waited for at the stop.
  void begin(boost::asio::awaitable<void> task);
  boost::asio::awaitable<void> audit_once();
  boost::asio::awaitable<std::vector<queue::Key>> audit_round();  // what seems to be missing
  boost::asio::awaitable<void> look_again(std::vector<queue::Key> suspicious);

  // ---- deliveries
  // Starts everything that is due and has a slot.
  void pump();
  void pump_again(const queue::SleepUntil& sleep);
  // Wakes at least once a second while something waits: an item that became due earlier than the sleeper thought is at
  // most that late, and no timer needs to be taken back.
  boost::asio::awaitable<void> tick();
  boost::asio::awaitable<void> run(queue::Work work);
  boost::asio::awaitable<void> speak_for(queue::Work work, Transaction transaction);
  boost::asio::awaitable<void> put_off(queue::Work work, Transaction transaction, std::string why);
  boost::asio::awaitable<void> deliver(queue::Work work, Transaction transaction);
  // Of a domain's recipients, users with a store of their own get items of their own, which wait for that store and no
  // other.  Gives the rest, or why that cannot be known now.
  boost::asio::awaitable<base::Result<Transaction>> set_users_apart(queue::Item item, Transaction transaction);
  boost::asio::awaitable<route::Hop> find_hop(queue::Grant grant, std::string destination, smtp::ReversePath sender,
                                              route::TlsDemand demand, std::shared_ptr<const route::Router> router);
  // Tells the queue which lookups hang.
  void watch_lookups();
  boost::asio::awaitable<void> forward(queue::Item item, Transaction transaction,
                                       std::vector<mail::Recipient> recipients);
  // An item in which nobody waits leaves the queue.  Those of its domain who are in no other — they were in it, until a
  // reload changed which users addresses mean — go into the domain's.
  void leave(queue::Item item, const mail::Envelope& envelope);
  // Others of the message that may go in the same transaction come with it.
  void join_others(const queue::Grant& grant, const route::Router& router, const std::set<std::string>& passed,
                   Parts& parts);
  boost::asio::awaitable<void> deliver_over(queue::Grant grant, Parts parts, route::Hop hop,
                                            std::shared_ptr<const SitePolicy> policy);
  Early early_records(const Transaction& transaction);
  void log_routed(const queue::Key& key, const route::Hop& hop, const std::string& site) const;
  void log_attempt(const Parts& parts, const std::string& route, const std::string& site, base::MonoTime began,
                   const deliver::Transcript& transcript) const;
  void log_held(const queue::Key& key, const std::string& why) const;
  void keep_held(const queue::Item& item, const std::string& why);
  // The outcomes are those of together(); `now` and `fraction` are filled in.
  boost::asio::awaitable<void> settle(Parts parts, Attempted attempted);
  // What becomes of it; of those who have it or wait, as it is logged and counted.
  Settlement settlement_of(const Part& part, const deliver::Outcomes& outcomes, const Attempted& attempted);
  // While the attempt goes on for others.
  void record_early(Transaction transaction, std::uint32_t index, const deliver::Outcome& outcome);
  // Takes out of the update what it records.
  void record_delivered(base::MessageId id, mail::Update& update);
  // False: not all of whom the sender should be told could be.
  boost::asio::awaitable<bool> settle_part(Part part, Settlement settlement, Attempted attempted);
  // Those who failed for good, as it is logged and counted: their sender was told, if he wants to be, but of the
  // `untold` (sorted), who wait for that.
  void end_failed(const Transaction& transaction, const Attempted& attempted, const Settlement& settlement,
                  const std::vector<std::uint32_t>& untold);
  bool is_suppressing(mail::FailureClass klass) const;
  // A host said so for good, and he is none of ours: asked while that is known (Router::learn).
  bool is_unreachable(const smtp::Mailbox& address, const deliver::Outcome& outcome) const;
  void suppress_bounced(const Transaction& transaction, std::size_t recipient, const deliver::Outcome& outcome);
  void suppress(base::MessageId id, state::Suppression suppression);
  // Of the transaction's recipient of that number.
  void log_outcome(const Transaction& transaction, std::size_t recipient, const deliver::Outcome& outcome,
                   const Attempted& attempted, mail::RecipientState state);
  void measure_delivered(const Transaction& transaction, const Settlement& settlement);
  boost::asio::awaitable<base::Result<Message>> load(base::MessageId id);
  // The item that a recipient of the message is in: its own, or else the one of its domain.
  std::string destination_of(base::MessageId id, const smtp::Mailbox& address) const;
  Transaction transaction_of(Message message, const queue::Item& item) const;
  // Of a domain's recipients, those who are in this item.
  void keep_own(Transaction& transaction, const queue::Key& key) const;
  // What load() gives has it, and in time the spool.
  void record(base::MessageId id, mail::Update update);
  // Asks the spool how far its records are, so that copies_ may forget.
  void note_recorded();
  void ended(const queue::Grant& grant, const queue::SiteReport& report);

  // ---- what came back (returns.cpp)
  void look_at(const Message& message);
  boost::asio::awaitable<void> read_returned(Message message);

  // ---- ways
  // Why what is due there would not go at once.
  std::string why_waits_at(const std::string& destination, const std::string& site) const;
  Waiting waiting_of(const QueueEntry& entry, std::size_t at) const;

  // ---- ending
  void log_ended(base::MessageId id, const mail::Envelope& envelope, const mail::Update& update);
  // Of what is meant: the message's destinations in delivery, and its items before they were held back from it.
  struct Kept {
    std::set<std::string> in_delivery;
    std::vector<queue::Item> idle;
  };
  Kept keep_from_delivery(base::MessageId id, const Selector& meant);
  // The destinations of those who wait, and are meant.
  std::set<std::string> awaited(base::MessageId id, const mail::Envelope& envelope, const Selector& meant = {}) const;
  // Destinations without a waiting recipient leave the queue, the others wait on as before.
  void let_go(Kept kept, base::MessageId id, const mail::Envelope& envelope);
  void put_back(queue::Item item);
  // keep_from_delivery() and its end.
  void note_ending(base::MessageId id) { ++ending_[id].orders; }
  void note_ended(base::MessageId id);
  void note_hold_while_ending(base::MessageId id, bool held);

  queue::Settings queue_settings() const;

  Settings settings_;
  std::shared_ptr<const route::Router> router_;
  std::shared_ptr<const SitePolicy> policy_;
  mail::FailureClassifier classifier_;
  Surroundings around_;
  Reporter reporter_;
  queue::Queue queue_;
  Selection selection_;
  Audit audit_;
  AuditCounts audit_counts_;
  ClockJumps clock_jumps_;
  Measures measures_;
  FreshMessages fresh_;
  WorkingCopies copies_;
  std::list<Lookup> lookups_;  // under way, the oldest first
  std::size_t running_ = 0;
  std::size_t reports_read_ = 0;  // under way
  bool pumping_ = false;
  bool noting_recorded_ = false;
  bool pump_posted_ = false;
  bool suspensions_known_ = false;  // nothing starts before
  bool suspensions_moved_ = false;  // and are not written so yet
  bool writing_suspensions_ = false;
  std::size_t suspensions_written_ = 0;
  bool stopping_ = false;
  std::set<std::string> starting_;  // domains, by ETRN
  struct Ending {
    std::size_t orders = 0;
    bool held = false;  // somebody else holds it since
  };
  std::map<base::MessageId, Ending> ending_;  // held in the queue, by the orders alone
};

}  // namespace godwit::dispatch
