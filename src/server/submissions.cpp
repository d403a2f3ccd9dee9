// SPDX-License-Identifier: Apache-2.0
#include "godwit/server/submissions.hpp"

#include <algorithm>
#include <list>
#include <utility>

#include "connection.hpp"
#include "godwit/net/signal.hpp"
#include "transaction_client.hpp"

namespace godwit::server {
namespace {

using Verdict = smtp::RecipientResult::Verdict;

constexpr base::Duration cancelled_submission_time = std::chrono::seconds(5);

ListenerSettings listener_for(smtp::Service service) {
  ListenerSettings listener;
  listener.service = service;
  listener.tls = smtp::TlsMode::none;
  listener.bare_newline = smtp::BareNewline::normalize;
  return listener;
}

// RFC 5321 section 4.1.3: who has no name says its address.
std::string hello_of(const Submitter& who, const std::string& hostname) {
  if (who.account.empty()) return hostname;
  const auto address = base::to_string(who.remote.address);
  return (address.contains(':') ? "[IPv6:" : "[") + address + "]";
}

}  // namespace

class Submissions::Implementation {
 public:
  Implementation(std::shared_ptr<const Rules> rules, Surroundings around)
      : rules_(std::move(rules)),
        around_(std::move(around)),
        local_(listener_for(smtp::Service::local)),
        submission_(listener_for(smtp::Service::submission)),
        ended_(around_.executor, around_.deadlines) {}

  boost::asio::awaitable<Submitted> submit(Submission submission);
  void reload(std::shared_ptr<const Rules> rules) { rules_ = std::move(rules); }
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  boost::asio::awaitable<void> wait_for_all(base::MonoTime deadline);

  std::shared_ptr<const Rules> rules_;
  Surroundings around_;
  ListenerSettings local_, submission_;
  std::list<Connection*> under_way_;
  net::Signal ended_;
  bool stopping_ = false;
};

boost::asio::awaitable<Submitted> Submissions::Implementation::submit(Submission submission) {
  Submitted submitted;
  const bool is_local = submission.who.account.empty();
  ClientEnd end{.remote = submission.who.remote, .local = submission.who.local};
  if (is_local) end.user = net::PeerCredential{.user = submission.who.user};
  TransactionClient client(
      std::move(submission.transaction), [body = std::move(submission.body)] { return body; },
      {.hello = hello_of(submission.who, rules_->settings.hostname), .chunking = false, .may_send_again = false});
  HandedIn handed_in{.who = std::move(submission.who), .before_commit = std::move(submission.before_commit)};
  {
    Connection connection(transaction_stream(client, std::move(end)), rules_, is_local ? local_ : submission_, around_,
                          &handed_in);
    // Leaves the list also when the coroutine is destroyed where it waits.
    struct Entry {
      Implementation& owner;
      std::list<Connection*>::iterator at;
      ~Entry() {
        owner.under_way_.erase(at);
        owner.ended_.notify();
      }
    } const entry{*this, under_way_.insert(under_way_.end(), &connection)};
    if (stopping_) connection.stop_gently();
    co_await connection.run();
  }
  submitted.recipients = client.finish();
  const auto is_accepted = [](const auto& result) { return result.verdict == Verdict::delivered; };
  const auto is_open = [](const auto& result) { return result.verdict == Verdict::retry_later && !result.reply; };
  if (std::ranges::any_of(submitted.recipients, is_accepted))
    submitted.id = handed_in.committing;
  else
    submitted.may_have_come =
        handed_in.committing && (handed_in.spool_failed || std::ranges::any_of(submitted.recipients, is_open));
  co_return submitted;
}

boost::asio::awaitable<void> Submissions::Implementation::wait_for_all(base::MonoTime deadline) {
  while (!under_way_.empty()) {
    auto ended = co_await ended_.wait(deadline);
    if (!ended) co_return;
  }
}

boost::asio::awaitable<void> Submissions::Implementation::stop(base::MonoTime deadline) {
  stopping_ = true;
  for (auto* connection : under_way_) connection->stop_gently();
  co_await wait_for_all(deadline);
  for (auto* connection : under_way_) connection->cancel();
  co_await wait_for_all(around_.network.now() + cancelled_submission_time);
}

Submissions::Submissions(std::shared_ptr<const Rules> rules, Surroundings around)
    : implementation_(std::make_unique<Implementation>(std::move(rules), std::move(around))) {}
Submissions::~Submissions() = default;

boost::asio::awaitable<Submitted> Submissions::submit(Submission submission) {
  return implementation_->submit(std::move(submission));
}
void Submissions::reload(std::shared_ptr<const Rules> rules) {
  implementation_->reload(std::move(rules));
}
boost::asio::awaitable<void> Submissions::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}

}  // namespace godwit::server
