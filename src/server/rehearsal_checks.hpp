// SPDX-License-Identifier: Apache-2.0
// What SPF and the checks that a rehearsal is given say of its envelope.  One envelope, one reactor.  Private to
// server/.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "godwit/policy/check_chain.hpp"
#include "godwit/policy/sender_authentication.hpp"
#include "godwit/server/rehearsal.hpp"

namespace godwit::server {

class RehearsalChecks {
 public:
  // The rules outlive it.  sender: as it goes on.
  RehearsalChecks(const RehearsalRules& rules, const PastEnvelope& envelope, const smtp::ReversePath& sender);

  struct Answer {
    std::optional<smtp::Reply> refusal{};
    std::string rule{};
  };
  // With a domain.
  boost::asio::awaitable<Answer> recipient(smtp::Mailbox asked);

 private:
  policy::Facts facts_;
  std::unique_ptr<policy::SenderAuthentication> sender_;  // null: it is not verified
  std::unique_ptr<policy::CheckChain> chain_;             // null: nothing is checked
};

}  // namespace godwit::server
