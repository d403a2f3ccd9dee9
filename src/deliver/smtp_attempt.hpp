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

  // What is known of one by now.
  const Outcome& outcome(std::size_t recipient) const { return outcomes_[recipient]; }

  // The results of another host follow.  What one before may take another time has not failed because this one never
  // will.
  void next_host();
  // The host could not be used at all.
  void note_host(smtp::Stage stage, const std::string& why, const std::string& relay);
  void note_host(const smtp::RecipientResult& cause, const std::string& relay, const std::string& tls);
  // Of those, who go into the next transaction: all, but after one that was too large for the host the rest of it.
  const std::vector<std::size_t>& current() const { return again_.empty() ? pending_ : again_; }
  // The rest of the last transaction waits for another one with the same host.
  bool has_rest() const { return !again_.empty(); }
  void give_up_rest() { again_.clear(); }
  // Of those delivered; as in Outcome.
  struct Passing {
    std::optional<mail::DsnSuccess> success{};
    bool untimed = false;
  };
  // Whether a host lacks what the message needs as it is, for somebody who is still pending.
  bool is_lacking() const;
  // What becomes of those if no other host spoke for itself: why they cannot be helped by a change of the message.
  void note_unchangeable(smtp::EnhancedCode enhanced, const std::string& why);
  // One result for each current recipient, in order.
  void note_results(const std::vector<smtp::RecipientResult>& results, const std::string& relay, const std::string& tls,
                    const Passing& passing);

  Outcomes take();

 private:
  Outcome* note(std::size_t recipient, const smtp::RecipientResult& result, const std::string& relay,
                const std::string& tls);

  Outcomes outcomes_;
  std::vector<std::size_t> pending_;
  std::vector<std::size_t> again_;  // some of them
  // For each recipient: what a host said that lacks something, or never will take it; whether the host at hand may take
  // it another time, and whether one of the former may.
  std::vector<std::optional<Outcome>> lacked_, never_;
  std::vector<bool> waits_, hopeful_;
};

}  // namespace godwit::deliver
