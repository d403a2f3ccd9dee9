// SPDX-License-Identifier: Apache-2.0
#include "smtp_attempt.hpp"

#include <algorithm>
#include <numeric>

namespace godwit::deliver {
namespace {

using Verdict = smtp::RecipientResult::Verdict;

// Our words in the form of a reply.  X.4.1: no answer from host, X.4.2: bad connection, X.7.0: security (RFC 3463).
smtp::Reply own_reply(const smtp::RecipientResult& result) {
  if (result.enhanced) return smtp::make_reply(result.enhanced.klass == 5 ? 554 : 451, result.enhanced, result.why);
  if (result.verdict == Verdict::failed) return smtp::make_reply(554, {5, 0, 0}, result.why);
  switch (result.stage) {
    case smtp::Stage::connect:
      return smtp::make_reply(451, {4, 4, 1}, result.why);
    case smtp::Stage::starttls:
    case smtp::Stage::tls:
    case smtp::Stage::auth:
      return smtp::make_reply(451, {4, 7, 0}, result.why);
    default:
      return smtp::make_reply(451, {4, 4, 2}, result.why);
  }
}

Outcome::Kind kind_of(Verdict verdict) {
  if (verdict == Verdict::delivered) return Outcome::Kind::delivered;
  const bool final = verdict == Verdict::failed || verdict == Verdict::lacks || verdict == Verdict::not_here;
  return final ? Outcome::Kind::failed : Outcome::Kind::deferred;
}

bool may_go_elsewhere(Verdict verdict) {
  return verdict == Verdict::try_next || verdict == Verdict::lacks || verdict == Verdict::not_here;
}

// Whether the peer's reply says what became of the recipient.  One that is out of place ("250" to DATA) does not, nor
// does one that means something of its own for this message; they are quoted in our words.
bool says_it(const smtp::RecipientResult& result) {
  return result.reply && !result.enhanced && result.reply->positive() == (result.verdict == Verdict::delivered);
}

smtp::Reply reply_of(const smtp::RecipientResult& result) {
  if (says_it(result)) return *result.reply;
  auto ours = result;
  if (result.reply) ours.why += ": " + to_line(*result.reply);
  return own_reply(ours);
}

Outcome outcome_of(const smtp::RecipientResult& result, const std::string& relay, const std::string& tls) {
  return {.kind = kind_of(result.verdict),
          .stage = result.stage,
          .reply = reply_of(result),
          .remote = says_it(result),
          .relay = relay,
          .tls = tls};
}

}  // namespace

SmtpAttempt::SmtpAttempt(std::size_t recipients)
    : outcomes_(recipients, {.kind = Outcome::Kind::deferred,
                             .stage = smtp::Stage::connect,
                             .reply = smtp::make_reply(451, {4, 4, 4}, "No host to try"),
                             .remote = false,
                             .relay = "none",
                             .tls = "none"}),
      pending_(recipients),
      lacked_(recipients),
      never_(recipients),
      waits_(recipients),
      hopeful_(recipients) {
  std::iota(pending_.begin(), pending_.end(), std::size_t{0});
}

void SmtpAttempt::next_host() {
  for (const auto index : pending_) hopeful_[index] = hopeful_[index] || waits_[index];
  waits_.assign(waits_.size(), false);
}

// Nullptr: an outcome only where no host is left.
Outcome* SmtpAttempt::note(std::size_t recipient, const smtp::RecipientResult& result, const std::string& relay,
                           const std::string& tls) {
  const bool lacks = result.verdict == Verdict::lacks, never = result.verdict == Verdict::not_here;
  waits_[recipient] = !lacks && !never;
  auto& place = lacks ? lacked_[recipient] : never_[recipient];
  if (lacks || never) place = outcome_of(result, relay, tls);
  return lacks || never ? nullptr : &(outcomes_[recipient] = outcome_of(result, relay, tls));
}

void SmtpAttempt::note_host(smtp::Stage stage, const std::string& why, const std::string& relay) {
  note_host({.verdict = Verdict::try_next, .stage = stage, .reply = {}, .why = why}, relay, "none");
}

void SmtpAttempt::note_host(const smtp::RecipientResult& cause, const std::string& relay, const std::string& tls) {
  for (const auto index : pending_) note(index, cause, relay, tls);
  if (!may_go_elsewhere(cause.verdict)) pending_.clear();
}

void SmtpAttempt::note_results(const std::vector<smtp::RecipientResult>& results, const std::string& relay,
                               const std::string& tls, const Passing& passing) {
  const auto asked = current();
  again_.clear();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (auto* outcome = note(asked[i], results[i], relay, tls); outcome != nullptr) {
      outcome->success = passing.success;
      outcome->untimed = passing.untimed;
    }
    if (results[i].verdict == Verdict::send_again) again_.push_back(asked[i]);
    if (results[i].verdict != Verdict::send_again && !may_go_elsewhere(results[i].verdict))
      std::erase(pending_, asked[i]);
  }
}

bool SmtpAttempt::is_lacking() const {
  return std::ranges::any_of(pending_, [this](std::size_t index) { return lacked_[index].has_value(); });
}

void SmtpAttempt::note_unchangeable(smtp::EnhancedCode enhanced, const std::string& why) {
  // An address that cannot be sent says so itself.
  for (const auto index : pending_)
    if (lacked_[index] && lacked_[index]->stage == smtp::Stage::mail)
      lacked_[index]->reply = smtp::make_reply(554, enhanced, why);
}

Outcomes SmtpAttempt::take() {
  next_host();
  for (const auto index : pending_) {
    const auto& last = lacked_[index] ? lacked_[index] : never_[index];
    if (last && !hopeful_[index]) outcomes_[index] = *last;
  }
  return std::move(outcomes_);
}

}  // namespace godwit::deliver
