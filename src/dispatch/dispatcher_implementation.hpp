// SPDX-License-Identifier: Apache-2.0
// The dispatcher's inside; see include/godwit/dispatch/dispatcher.hpp.  Home reactor only, but for committed().
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fresh_messages.hpp"
#include "godwit/dispatch/dispatcher.hpp"
#include "reporter.hpp"
#include "selection.hpp"
#include "settlement.hpp"
#include "transaction.hpp"

namespace godwit::dispatch {

class Dispatcher::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(Settings settings, std::shared_ptr<const route::Router> router, Surroundings surroundings);

  boost::asio::awaitable<base::Result<>> start();
  void committed(std::shared_ptr<const spool::StoredMessage> message);
  boost::asio::awaitable<void> stop(base::MonoTime deadline);
  void reload(Settings settings, std::shared_ptr<const route::Router> router);

  const queue::Queue& queue() const { return queue_; }
  Selection& selection() { return selection_; }
  boost::asio::awaitable<base::Result<QueueEntry>> show(base::MessageId id);
  bool retry(base::MessageId id);
  bool hold(base::MessageId id);
  bool release(base::MessageId id);
  // remove and bounce: see Dispatcher.  ended: deleted, bounced.
  boost::asio::awaitable<base::Result<>> end(base::MessageId id, Selector recipients, mail::RecipientState ended,
                                             smtp::Reply reply);

 private:
  using Message = std::shared_ptr<const spool::StoredMessage>;

  void enqueue(base::MessageId id, const mail::Envelope& envelope);
  void enqueue(const spool::Summary& summary);
  // Starts everything that is due and has a slot.
  void pump();
  // Wakes at least once a second while something waits: an item that became due earlier than the sleeper thought is at
  // most that late, and no timer needs to be taken back.
  boost::asio::awaitable<void> tick();
  boost::asio::awaitable<void> run(queue::Item item);
  boost::asio::awaitable<void> deliver(queue::Item item, Message message);
  boost::asio::awaitable<void> settle(queue::Item item, Transaction transaction, Attempted attempted);
  void log_outcomes(const Transaction& transaction, const Attempted& attempted, const Settlement& settlement);
  boost::asio::awaitable<base::Result<Message>> load(base::MessageId id);
  void log_ended(base::MessageId id, const mail::Envelope& envelope, const mail::Update& update);
  // The message's destinations in delivery, and its items before they were held back from it.
  struct Kept {
    std::set<std::string> in_delivery;
    std::vector<queue::Item> idle;
  };
  Kept keep_from_delivery(base::MessageId id);
  // Destinations without a waiting recipient leave the queue, the others wait on as before.
  void let_go(Kept kept, const mail::Envelope& envelope);
  void put_back(queue::Item item);

  Settings settings_;
  std::shared_ptr<const route::Router> router_;
  Surroundings around_;
  Reporter reporter_;
  queue::Queue queue_;
  Selection selection_;
  FreshMessages fresh_;
  std::size_t running_ = 0;
  std::size_t next_lane_ = 0;
  bool stopping_ = false;
};

}  // namespace godwit::dispatch
