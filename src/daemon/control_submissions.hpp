// SPDX-License-Identifier: Apache-2.0
// Messages that come by the control API: the parts of the host that take them.  Home reactor.
#pragma once

#include <memory>

#include "godwit/control/submission_desk.hpp"
#include "godwit/policy/connection_limits.hpp"
#include "godwit/server/submissions.hpp"
#include "godwit/state/submission_keys.hpp"

namespace godwit::daemon {

class Host;

class ControlSubmissions {
 public:
  // The host has its spool and the parts of its reactors.
  ControlSubmissions(Host& host, std::shared_ptr<const server::Rules> rules);

  control::SubmissionDesk& desk() { return desk_; }
  void reload(std::shared_ptr<const server::Rules> rules) { submissions_.reload(std::move(rules)); }
  boost::asio::awaitable<void> stop(base::MonoTime deadline) { return submissions_.stop(deadline); }

 private:
  boost::asio::awaitable<base::Result<bool>> was_taken(base::MessageId id);

  Host& host_;
  policy::ConnectionLimits limits_;  // the control listener has bounds of its own
  server::Submissions submissions_;
  state::SubmissionKeys keys_;
  control::SubmissionDesk desk_;
};

}  // namespace godwit::daemon
