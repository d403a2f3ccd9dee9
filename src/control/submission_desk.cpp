// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/submission_desk.hpp"

#include <utility>

#include <fmt/format.h>

#include "api.hpp"
#include "once_only.hpp"
#include "prepared_message.hpp"
#include "submission_answer.hpp"
#include "submission_order.hpp"

namespace godwit::control {
namespace {

constexpr std::size_t most_at_once = 24;       // slow ones leave connections to others
constexpr std::size_t most_of_one_caller = 8;  // and places
constexpr base::Duration moment = std::chrono::seconds(1);
constexpr base::Duration while_full = std::chrono::hours(1);  // until old keys are forgotten
constexpr base::Duration while_broken = std::chrono::seconds(30);

Response kept_answer(std::string body) {
  Response response{.status = 202, .body = std::move(body), .allow = {}};
  response.replayed = true;
  return response;
}

Response of_another_message() {
  return error_response(422, "this Idempotency-Key was used for another message within 24 hours");
}

Response not_kept(const base::Error& error) {
  if (error.kind == base::ErrorKind::exhausted) return try_later(429, error.message, while_full);
  return try_later(503, "what is known of Idempotency-Keys cannot be read or kept now", while_broken);
}

}  // namespace

// What became of a message, and what is answered.
struct SubmissionDesk::Handed {
  Response response;
  bool accepted = false;
  bool may_have_come = false;
};

boost::asio::awaitable<Response> SubmissionDesk::take(SubmissionOrder order) {
  if (!order.caller.submitter) co_return error_response(403, "this token has no account to send as");
  if (under_way_ == most_at_once) co_return try_later(503, "too many messages are being handed in", moment);
  if (const auto own = under_way_of_.find(order.caller.name);
      own != under_way_of_.end() && own->second == most_of_one_caller)
    co_return try_later(503, "too many messages of this caller are being handed in", moment);
  // Given back also when the coroutine is destroyed where it waits.
  struct Place {
    SubmissionDesk& desk;
    const std::string caller;
    Place(SubmissionDesk& of, std::string name) : desk(of), caller(std::move(name)) {
      ++desk.under_way_;
      ++desk.under_way_of_[caller];
    }
    Place(const Place&) = delete;
    ~Place() {
      --desk.under_way_;
      if (--desk.under_way_of_[caller] == 0) desk.under_way_of_.erase(caller);
    }
  } const place{*this, order.caller.name};
  auto taking = take_now(std::move(order));
  co_return co_await std::move(taking);
}

boost::asio::awaitable<Response> SubmissionDesk::take_now(SubmissionOrder order) {
  if (!order.key.empty()) {
    auto taking = take_once(std::move(order));
    co_return co_await std::move(taking);
  }
  auto handing = hand_in(std::move(order), {});
  auto handed = co_await std::move(handing);
  co_return std::move(handed.response);
}

boost::asio::awaitable<Response> SubmissionDesk::take_once(SubmissionOrder order) {
  auto text = read_idempotency_key(order.key);
  if (!text) co_return error_response(400, "an Idempotency-Key has 1 to 255 visible US-ASCII characters");
  const state::SubmissionKeys::Key key{order.caller.name, *std::move(text)};
  auto turn = parts_.keys.begin(key);
  if (!turn) co_return try_later(409, "a request with this Idempotency-Key is being carried out", moment);
  auto finding = parts_.keys.find(key);
  auto kept = co_await std::move(finding);
  if (!kept) co_return not_kept(kept.error());
  const auto digested =
      std::make_shared<DigestedBody>(std::move(order.body), order.content_type + "\n" + order.query + "\n");
  order.body = [digested] { return digested->next(); };
  const auto once = std::make_shared<OnceOnly>(parts_.keys, *std::move(turn), *std::move(kept), digested);
  auto answering = answer_again(*once);
  auto again = co_await std::move(answering);
  if (again) co_return *std::move(again);
  server::BeforeCommit before = [once](base::MessageId id, std::vector<smtp::Mailbox> accepted) {
    return once->plan(id, std::move(accepted));
  };
  auto handing = hand_in(std::move(order), std::move(before));
  auto handed = co_await std::move(handing);
  if (const auto& failure = once->failure()) {
    if (failure->kind == base::ErrorKind::refused) co_return of_another_message();
    co_return not_kept(*failure);
  }
  auto settling = settle(*once, handed);
  co_await std::move(settling);
  co_return std::move(handed.response);
}

// Nothing: it comes for the first time, or nothing came of it.
boost::asio::awaitable<std::optional<Response>> SubmissionDesk::answer_again(OnceOnly& once) {
  if (!once.kept()) co_return std::nullopt;
  const auto kept = *once.kept();
  auto answer = kept.answer;
  if (answer.empty()) {
    // A crash, or the end of the daemon, came between its plan and its answer.
    auto asking = parts_.was_taken(kept.id);
    const auto taken = co_await std::move(asking);
    if (!taken) co_return try_later(503, "whether this message was taken cannot be found out now", while_broken);
    if (!*taken) co_return std::nullopt;
    answer = kept.plan;
  }
  auto reading = once.body().finish();
  const auto read = co_await std::move(reading);
  if (!read) co_return failure(read.error());
  if (!once.is_the_same()) co_return of_another_message();
  co_return kept_answer(std::move(answer));
}

// What the spool has is accepted whatever becomes of its key: as long as that is only planned, the spool is asked.
boost::asio::awaitable<void> SubmissionDesk::settle(OnceOnly& once, const Handed& handed) {
  if (handed.accepted) {
    auto settling = parts_.keys.settle(once.key(), handed.response.body);
    std::ignore = co_await std::move(settling);
  } else if (once.planned() && !handed.may_have_come) {
    auto forgetting = parts_.keys.forget(once.key());
    std::ignore = co_await std::move(forgetting);
  }
}

boost::asio::awaitable<SubmissionDesk::Handed> SubmissionDesk::hand_in(SubmissionOrder order,
                                                                       server::BeforeCommit before_commit) {
  const auto caller = order.caller;
  if (auto refusal = check_rates(caller)) co_return Handed{.response = *std::move(refusal)};
  auto preparing = prepare(std::move(order));
  auto prepared = co_await std::move(preparing);
  if (!prepared) co_return Handed{.response = std::move(prepared.error())};
  auto refusal = check(*prepared);
  if (!refusal) refusal = take_rates(caller, prepared->transaction.recipients.size());
  if (refusal) co_return Handed{.response = *std::move(refusal)};
  const auto asked = prepared->transaction.recipients;
  server::Submission submission{.who = *caller.submitter,
                                .transaction = std::move(prepared->transaction),
                                .body = std::move(prepared->body),
                                .before_commit = std::move(before_commit)};
  auto submitting = parts_.submissions.submit(std::move(submission));
  const auto submitted = co_await std::move(submitting);
  co_return Handed{.response = submission_answer(asked, submitted),
                   .accepted = submitted.id.has_value(),
                   .may_have_come = submitted.may_have_come};
}

std::optional<Response> SubmissionDesk::check(const PreparedMessage& message) const {
  const auto bounds = parts_.bounds();
  const auto count = message.transaction.recipients.size();
  if (count == 0) return error_response(422, "the message has no recipients");
  if (count > bounds.recipients)
    return error_response(422, fmt::format("{} recipients; a message has at most {}", count, bounds.recipients));
  if (message.transaction.size > bounds.message_size)
    return error_response(
        413, fmt::format("a message of {} bytes; it has at most {}", message.transaction.size, bounds.message_size));
  return {};
}

std::optional<Response> SubmissionDesk::check_rates(const Caller& caller) {
  const auto wanted = wanted_of(caller, 0);
  return refusal_of(wanted);
}

// All count: what one of them refuses is counted by none.
std::optional<Response> SubmissionDesk::take_rates(const Caller& caller, std::size_t recipients) {
  const auto wanted = wanted_of(caller, recipients);
  if (auto refusal = refusal_of(wanted)) return refusal;
  for (const auto& [bucket, rate, count] : wanted) bucket->owe(*rate, count, parts_.clock.mono());
  return {};
}

std::vector<SubmissionDesk::Wanted> SubmissionDesk::wanted_of(const Caller& caller, std::size_t recipients) {
  std::vector<Wanted> wanted;
  const auto want = [&](std::string_view what, const std::vector<base::Rate>& rates, std::uint64_t count) {
    for (const auto& rate : rates)
      wanted.push_back({&buckets_[fmt::format("{} {} {}", caller.name, what, base::to_string(rate))], &rate, count});
  };
  want("messages", caller.messages, 1);
  want("recipients", caller.recipients, recipients);
  return wanted;
}

std::optional<Response> SubmissionDesk::refusal_of(const std::vector<Wanted>& wanted) const {
  for (const auto& [bucket, rate, count] : wanted)
    if (const auto wait = bucket->wait(*rate, parts_.clock.mono()); wait > base::Duration::zero())
      return try_later(429, fmt::format("this token may hand in {} at most", base::to_string(*rate)), wait);
  return {};
}

}  // namespace godwit::control
