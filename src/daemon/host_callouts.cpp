// SPDX-License-Identifier: Apache-2.0
// Recipients that other hosts know: how those are asked.
#include <utility>

#include "host.hpp"

namespace godwit::daemon {

// Before the tables of recipients, of which it is one.
void Host::make_callouts() {
  const auto& settings = live_->settings;
  recipient_answers_ =
      std::make_unique<state::RecipientAnswers>(settings.state, pools_.housekeeping.executor(), clock_, log_);
  auto ask = [this](std::string domain, std::vector<smtp::Mailbox> recipients) {
    return inquire(std::move(domain), std::move(recipients));
  };
  callouts_ = std::make_shared<policy::Callouts>(settings.policy.callout,
                                                 policy::Callouts::Parts{.home = reactors_[home].executor(),
                                                                         .deadlines = reactors_[home].deadlines(),
                                                                         .answers = *recipient_answers_,
                                                                         .inquire = std::move(ask),
                                                                         .clock = clock_,
                                                                         .random = random_,
                                                                         .log = log_});
}

// Home reactor: on the way that mail to the domain would take, over the same connections.
boost::asio::awaitable<deliver::Outcomes> Host::inquire(std::string domain, std::vector<smtp::Mailbox> recipients) {
  const auto router = router_;  // a reload may replace it meanwhile
  smtp::ReversePath nobody;
  auto finding =
      router->hop(std::move(domain), std::move(nobody), *parts_[home].resolver, random_, &outgoing_tls_->policies());
  auto hop = co_await std::move(finding);
  auto asking = parts_[home].agent->inquire(std::move(recipients), std::move(hop));
  auto outcomes = co_await std::move(asking);
  co_return outcomes;
}

boost::asio::awaitable<void> Host::stop_callouts(base::MonoTime deadline) {
  auto stopping = callouts_->stop(deadline);
  co_await std::move(stopping);
  auto saving = recipient_answers_->saved();
  static_cast<void>(co_await std::move(saving));  // it says itself what goes wrong
}

}  // namespace godwit::daemon
