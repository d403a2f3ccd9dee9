// SPDX-License-Identifier: Apache-2.0
// How the body of a request becomes a message: as it is, or composed of JSON.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api.hpp"
#include "godwit/base/text.hpp"
#include "godwit/control/submission_desk.hpp"
#include "godwit/mail/header_recipients.hpp"
#include "godwit/mail/new_message.hpp"
#include "json_body.hpp"
#include "message_json.hpp"
#include "prepared_message.hpp"
#include "raw_message.hpp"
#include "submission_answer.hpp"
#include "submission_order.hpp"

namespace godwit::control {
namespace {

constexpr std::uint64_t json_around = std::uint64_t{64} << 10U;  // beside what becomes the message
// What JSON takes while it is parsed: a long text is held up to four times as its buffer grows, and small values take
// many times their text.
constexpr std::uint64_t memory_of_text = 4;
constexpr std::uint64_t memory_around = std::uint64_t{1} << 20U;
// Unless one request alone may take more.  Others have room beside a caller that takes all that it may.
constexpr std::uint64_t json_of_one_caller = std::uint64_t{128} << 20U;
constexpr std::uint64_t json_beside_one_caller = std::uint64_t{128} << 20U;
constexpr base::Duration while_busy = std::chrono::seconds(2);

// Gives what was composed, and frees it.
class ComposedPieces {
 public:
  explicit ComposedPieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  disk::Task<std::string_view> next() {
    given_.clear();
    while (given_.empty() && at_ < pieces_.size()) given_ = std::exchange(pieces_[at_++], {});
    co_return std::string_view(given_);
  }

 private:
  std::vector<std::string> pieces_;
  std::string given_;
  std::size_t at_ = 0;
};

struct ComposedOrder {
  MessageEnvelope envelope;
  mail::ComposedMessage message;
};

base::Result<ComposedOrder> compose(boost::json::value body, std::size_t most_recipients, base::Random& random) {
  auto order = read_message_order(std::move(body), most_recipients);
  if (!order) return std::unexpected(order.error());
  auto composed = mail::compose_message(std::move(order->message), random);
  if (!composed) return std::unexpected(composed.error());
  return ComposedOrder{std::move(order->envelope), *std::move(composed)};
}

Response preparing_failure(const base::Error& error) {
  if (error.kind == base::ErrorKind::refused) return error_response(413, error.message);
  if (error.kind == base::ErrorKind::exhausted) return try_later(503, error.message, while_busy);
  return failure(error);
}

Response composing_failure(const base::Error& error) {
  if (error.kind == base::ErrorKind::refused) return error_response(422, error.message);
  return preparing_failure(error);
}

std::string media_type(std::string_view content_type) {
  return base::to_lower(base::trim(content_type.substr(0, content_type.find(';'))));
}

// What the query does not say the header does, as for sendmail -t.
std::string complete_envelope(std::string_view message, MessageEnvelope& envelope) {
  if (!envelope.sender) {
    auto sender = mail::header_sender(message);
    if (!sender) return sender.error().message;
    if (!*sender) return "from= is missing, and the message has no From";
    envelope.sender = *std::move(sender);
  }
  if (!envelope.recipients.empty()) return {};
  auto recipients = mail::header_recipients(message);
  if (!recipients) return recipients.error().message;
  for (auto& recipient : *recipients) envelope.add_recipient(std::move(recipient));
  return {};
}

}  // namespace

boost::asio::awaitable<SubmissionDesk::Prepared> SubmissionDesk::prepare(SubmissionOrder order) {
  const auto type = media_type(order.content_type);
  if (type == "application/json") {
    auto preparing = prepare_json(std::move(order));
    co_return co_await std::move(preparing);
  }
  if (type == "message/rfc822") {
    auto preparing = prepare_raw(std::move(order));
    co_return co_await std::move(preparing);
  }
  co_return std::unexpected(error_response(415, "a message is message/rfc822 or application/json"));
}

// It streams: no more than its header is held.
boost::asio::awaitable<SubmissionDesk::Prepared> SubmissionDesk::prepare_raw(SubmissionOrder order) {
  const auto bounds = parts_.bounds();
  if (order.length.value_or(0) > bounds.message_size)
    co_return std::unexpected(
        error_response(413, fmt::format("{} bytes; a message has at most {}", *order.length, bounds.message_size)));
  const auto message = std::make_shared<RawMessage>(std::move(order.body));
  auto reading = message->header();
  const auto beginning = co_await std::move(reading);
  if (!beginning) co_return std::unexpected(preparing_failure(beginning.error()));
  if (const auto wrong = complete_envelope(*beginning, order.envelope); !wrong.empty())
    co_return std::unexpected(error_response(400, wrong));
  PreparedMessage prepared{.transaction = transaction_of(std::move(order.envelope)),
                           .body = [message] { return message->next(); }};
  auto& transaction = prepared.transaction;
  transaction.size = order.length.value_or(0);
  transaction.body = smtp::BodyType::eight_bit_mime;  // what follows is not known yet
  // Whether anything needs it is found out on the way into the spool.
  transaction.smtputf8 = transaction.smtputf8 || !base::is_ascii(*beginning);
  co_return prepared;
}

boost::asio::awaitable<SubmissionDesk::Prepared> SubmissionDesk::prepare_json(SubmissionOrder order) {
  if (order.envelope.is_said())
    co_return std::unexpected(error_response(400, "the envelope of JSON stands in it, not in the query"));
  const auto bounds = parts_.bounds();
  const auto most = bounds.message_size + bounds.message_size / 4 + json_around;
  if (order.length.value_or(0) > most)
    co_return std::unexpected(
        error_response(413, fmt::format("{} bytes; the JSON has at most {}", *order.length, most)));
  const auto share = std::make_shared<Share>(json_memory_, order.caller.name);
  const JsonBounds of_this{.text = most, .memory = most * memory_of_text + memory_around};
  const auto of_caller = std::max(json_of_one_caller, of_this.memory);
  const Share::Bounds room{.of_caller = of_caller, .in_all = of_caller + json_beside_one_caller};
  // Weak: the value, which keeps this, may be freed by the pool.
  std::function<bool(std::uint64_t)> reserve = [weak = std::weak_ptr(share), room](std::uint64_t bytes) {
    const auto held = weak.lock();
    return held && held->take(bytes, room);
  };
  auto reading = read_json(std::move(order.body), of_this, std::move(reserve));
  auto body = co_await std::move(reading);
  if (!body) co_return std::unexpected(preparing_failure(body.error()));
  const auto value = std::make_shared<boost::json::value>(*std::move(body));
  auto work = [value, most_recipients = bounds.recipients, &random = parts_.random] {
    return compose(std::move(*value), most_recipients, random);
  };
  auto composed = co_await parts_.pool.run(std::move(work));
  if (!composed) co_return std::unexpected(composing_failure(composed.error()));
  PreparedMessage prepared{.transaction = transaction_of(std::move(composed->envelope)), .share = share};
  prepared.transaction.size = composed->message.size();
  prepared.transaction.body = composed->message.body;
  prepared.transaction.smtputf8 = prepared.transaction.smtputf8 || composed->message.smtputf8;
  const auto pieces = std::make_shared<ComposedPieces>(std::move(composed->message.pieces));
  prepared.body = [pieces] { return pieces->next(); };
  co_return prepared;
}

}  // namespace godwit::control
