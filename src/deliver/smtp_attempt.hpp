// SPDX-License-Identifier: Apache-2.0
// The bookkeeping of one attempt over several hosts: who is still to be delivered, and what was said last about each.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "godwit/deliver/agent.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::deliver {

class SmtpAttempt {
 public:
  explicit SmtpAttempt(std::size_t recipients);

  bool finished() const { return pending_.empty(); }
  // Indexes into the job's recipients, of those whom another host may still take.
  const std::vector<std::size_t>& pending() const { return pending_; }

  // The host could not be used at all.
  void note_host(smtp::Stage stage, const std::string& why, const std::string& relay);
  void note_host(const smtp::RecipientResult& cause, const std::string& relay, const std::string& tls);
  // One result for each pending recipient, in order.  success: as Outcome::success, of those delivered.
  void note_results(const std::vector<smtp::RecipientResult>& results, const std::string& relay, const std::string& tls,
                    std::optional<mail::DsnSuccess> success);

  Outcomes take() { return std::move(outcomes_); }

 private:
  Outcomes outcomes_;
  std::vector<std::size_t> pending_;
};

}  // namespace godwit::deliver
