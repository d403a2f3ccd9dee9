// SPDX-License-Identifier: Apache-2.0
// Replays recorded envelopes through two configurations and adds up what differs.  Nothing is sent, counted or
// remembered.  It works in pieces of less than a millisecond with rests between them, so that whoever is served on the
// same reactor hardly notices.  Home reactor.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>

#include "bounded_wait.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/control/replay.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/server/rehearsal.hpp"
#include "godwit/state/history.hpp"
#include "past_envelope.hpp"
#include "replay_verdicts.hpp"

namespace godwit::daemon {

// All outlive the replay.
struct ReplayParts {
  state::History& history;
  state::History& refusals;
  dns::Resolver& resolver;
  base::Random& random;
  const base::Clock& clock;
  net::Network& network;
  WaitPlace place;  // when its task group is closed, the host stops and the replay ends
};

enum class Replayed { accepted, accepted_and_refused };

class Replay {
 public:
  // progress: its numbers are kept up to date; it outlives this.
  Replay(ReplayParts parts, ReplayedRules before, ReplayedRules after, control::ReplayProgress& progress)
      : parts_(std::move(parts)), before_(std::move(before)), after_(std::move(after)), progress_(progress) {}
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // The last ones that were accepted, and as many that were refused; what is not done by then stays undone, also where
  // the disk does not answer.
  boost::asio::awaitable<control::ReplayReport> run(control::ReplayOrder order, Replayed which,
                                                    base::MonoTime deadline);

 private:
  using Walk = std::shared_ptr<state::HistoryWalk>;  // null: there was no time
  boost::asio::awaitable<Walk> begin(state::History& history, std::string event, std::vector<std::string> beside);
  boost::asio::awaitable<void> replay_all(Walk walk);
  boost::asio::awaitable<void> replay_one(const state::HistoryEvent& event);
  boost::asio::awaitable<std::vector<control::ReplayedRecipient>> judged(server::PastEnvelope envelope);
  boost::asio::awaitable<void> rest_if_due();
  bool is_over() const { return parts_.place.tasks.closed() || parts_.clock.mono() >= deadline_; }

  ReplayParts parts_;
  ReplayedRules before_, after_;
  control::ReplayProgress& progress_;
  PastEnvelopes envelopes_;
  control::ReplayComparison comparison_;
  control::ReplayOrder order_;
  base::MonoTime deadline_{};
  bool is_cut_short_ = false;
  base::MonoTime busy_since_{};
};

}  // namespace godwit::daemon
