// SPDX-License-Identifier: Apache-2.0
#include "submission_answer.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

using Verdict = smtp::RecipientResult::Verdict;

constexpr base::Duration usual_wait = std::chrono::seconds(30);
constexpr base::Duration long_wait = std::chrono::minutes(1);

constexpr smtp::EnhancedCode system_full{4, 3, 1};
constexpr smtp::EnhancedCode message_too_big{5, 3, 4};
constexpr smtp::EnhancedCode too_much{4, 7, 1};  // limits of policy, and the breaker

bool is_for_good(const smtp::RecipientResult& result) {
  return result.verdict == Verdict::failed || result.verdict == Verdict::lacks || result.verdict == Verdict::not_here;
}

smtp::EnhancedCode enhanced_of(const smtp::RecipientResult& result) {
  return result.reply && result.reply->enhanced ? result.reply->enhanced : result.enhanced;
}

std::string words_for(const smtp::RecipientResult& result) {
  if (result.reply) return to_line(*result.reply);
  return result.why.empty() ? "it was not tried" : result.why;
}

std::string_view status_word(const smtp::RecipientResult& result) {
  if (result.verdict == Verdict::delivered) return "accepted";
  return is_for_good(result) ? "refused" : "deferred";
}

json::value to_json(const smtp::Mailbox& address, const smtp::RecipientResult& result) {
  json::object recipient{{"address", text(to_string(address))}, {"status", json::string(status_word(result))}};
  recipient["code"] = result.reply ? json::value(result.reply->code) : json::value();
  const auto enhanced = enhanced_of(result);
  recipient["enhanced"] = enhanced ? text(to_string(enhanced)) : json::value();
  recipient["reply"] = text(words_for(result));
  return recipient;
}

Response refusal_of(const smtp::RecipientResult& result) {
  const auto enhanced = enhanced_of(result);
  if (is_for_good(result)) {
    if (enhanced == message_too_big) return error_response(413, words_for(result));
    return error_response(result.stage == smtp::Stage::mail ? 403 : 422, words_for(result));
  }
  if (enhanced == system_full) return try_later(507, words_for(result), long_wait);
  if (enhanced == too_much) return try_later(429, words_for(result), long_wait);
  return try_later(503, words_for(result), usual_wait);
}

}  // namespace

Response try_later(unsigned status, std::string_view what, base::Duration wait) {
  auto response = error_response(status, what);
  response.retry_after = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
  return response;
}

Response submission_answer(const std::vector<smtp::ClientRecipient>& asked, const server::Submitted& submitted) {
  json::array recipients;
  const auto& results = submitted.recipients;
  for (std::size_t i = 0; i < asked.size() && i < results.size(); ++i)
    recipients.emplace_back(to_json(asked[i].address, results[i]));
  if (submitted.id)
    return response(202, json::object{{"id", base::to_string(*submitted.id)}, {"recipients", std::move(recipients)}});
  auto decisive = std::ranges::find_if_not(results, is_for_good);
  if (decisive == results.end()) decisive = results.begin();
  if (decisive == results.end()) return try_later(503, "it was not tried", usual_wait);
  auto refusal = refusal_of(*decisive);
  refusal.body =
      json::serialize(json::object{{"error", text(words_for(*decisive))}, {"recipients", std::move(recipients)}}) +
      "\n";
  return refusal;
}

std::string accepted_again(base::MessageId id, const std::vector<smtp::Mailbox>& accepted) {
  json::array recipients;
  for (const auto& address : accepted)
    recipients.emplace_back(json::object{{"address", text(to_string(address))},
                                         {"status", "accepted"},
                                         {"code", json::value()},
                                         {"enhanced", json::value()},
                                         {"reply", "accepted; the first answer was lost"}});
  return json::serialize(json::object{{"id", base::to_string(id)}, {"recipients", std::move(recipients)}}) + "\n";
}

}  // namespace godwit::control
