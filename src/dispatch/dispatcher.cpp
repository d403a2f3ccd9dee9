// SPDX-License-Identifier: Apache-2.0
// The public face.
#include "godwit/dispatch/dispatcher.hpp"

#include <utility>

#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {

Dispatcher::Dispatcher(Settings settings, std::shared_ptr<const route::Router> router, Surroundings surroundings)
    : implementation_(
          std::make_shared<Implementation>(std::move(settings), std::move(router), std::move(surroundings))) {}
Dispatcher::~Dispatcher() = default;

boost::asio::awaitable<base::Result<>> Dispatcher::start() {
  return implementation_->start();
}
void Dispatcher::committed(std::shared_ptr<const spool::StoredMessage> message) {
  implementation_->committed(std::move(message));
}
boost::asio::awaitable<void> Dispatcher::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}
boost::asio::awaitable<void> Dispatcher::last_audit(base::MonoTime deadline) {
  return implementation_->last_audit(deadline);
}
void Dispatcher::reload(Settings settings, std::shared_ptr<const route::Router> router) {
  implementation_->reload(std::move(settings), std::move(router));
}
queue::Counts Dispatcher::counts() const {
  return implementation_->queue().counts();
}

std::vector<queue::SiteView> Dispatcher::destinations(std::size_t limit, std::string_view after) const {
  std::vector<queue::SiteView> views;
  const auto add = [&](const queue::SiteView& view) {
    views.push_back(view);
    return views.size() < limit;
  };
  if (limit > 0) implementation_->queue().for_each_site(add, after);
  return views;
}
std::map<std::string, queue::Suspension> Dispatcher::suspensions() const {
  const auto& known = implementation_->queue().suspensions();
  return {known.begin(), known.end()};
}
boost::asio::awaitable<base::Result<>> Dispatcher::suspend(std::string name, queue::Suspension suspension) {
  return implementation_->suspend(std::move(name), std::move(suspension));
}
boost::asio::awaitable<base::Result<>> Dispatcher::resume(std::string name) {
  return implementation_->resume(std::move(name));
}
AuditCounts Dispatcher::audit() const {
  return implementation_->audit();
}
const Measures& Dispatcher::measures() const {
  return implementation_->measures();
}

boost::asio::awaitable<base::Result<Selected>> Dispatcher::select(Selector selector, Page page) {
  return implementation_->selection().page(std::move(selector), page);
}

boost::asio::awaitable<base::Result<QueueEntry>> Dispatcher::show(base::MessageId id) {
  return implementation_->show(id);
}
boost::asio::awaitable<Ways> Dispatcher::ways(smtp::Mailbox address, smtp::ReversePath sender) {
  return implementation_->ways(std::move(address), std::move(sender));
}
boost::asio::awaitable<std::vector<Waiting>> Dispatcher::why(base::MessageId id) {
  return implementation_->why(id);
}
boost::asio::awaitable<std::vector<Waiting>> Dispatcher::why(std::string destination) {
  return implementation_->why(std::move(destination));
}
boost::asio::awaitable<base::Result<>> Dispatcher::recorded() {
  return implementation_->recorded();
}
void Dispatcher::start_queue(std::string domain) {
  implementation_->post_start_queue(std::move(domain));
}
bool Dispatcher::hold(base::MessageId id, std::string_view why) {
  return implementation_->hold(id, why);
}
bool Dispatcher::release(base::MessageId id) {
  return implementation_->release(id);
}
boost::asio::awaitable<base::Result<>> Dispatcher::retry(base::MessageId id, Selector meant) {
  return implementation_->retry(id, std::move(meant));
}
boost::asio::awaitable<base::Result<>> Dispatcher::remove(base::MessageId id, Selector recipients) {
  auto reply = smtp::make_reply(250, {2, 0, 0}, "Deleted by the administrator");
  return implementation_->end(id, std::move(recipients), mail::RecipientState::deleted, std::move(reply));
}
boost::asio::awaitable<base::Result<>> Dispatcher::bounce(base::MessageId id, const std::string& reason,
                                                          Selector recipients) {
  // X.3.0: our own system decided so (RFC 3463 section 3.4).
  auto reply =
      smtp::make_reply(554, {5, 3, 0}, "Returned by the administrator" + (reason.empty() ? "" : ": " + reason));
  return implementation_->end(id, std::move(recipients), mail::RecipientState::bounced, std::move(reply));
}

}  // namespace godwit::dispatch
