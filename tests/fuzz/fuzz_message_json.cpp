// SPDX-License-Identifier: Apache-2.0
// A message that a program hands in as JSON is read alike however it comes, and whatever its values hold, what is
// composed of them is one canonical message whose fields are fields, which names nobody of Bcc.
#include <boost/json/serialize.hpp>

#include "control/json_body.hpp"
#include "control/message_json.hpp"
#include "fuzz/pieces.hpp"
#include "godwit/mail/header.hpp"

namespace godwit::fuzz {
namespace {

constexpr std::size_t most_recipients = 20;
constexpr control::JsonBounds bounds{.text = 65536, .memory = 1U << 20U};

base::Result<boost::json::value> read_json(std::string_view text, std::size_t piece) {
  auto task = control::read_json(pieces_of(text, piece), bounds, [](std::uint64_t) { return true; });
  return testing::run_awaitable(std::move(task));
}

std::string json_text(std::string_view text, std::size_t piece) {
  const auto value = read_json(text, piece);
  if (!value) require(is_printable(value.error().message));
  return value ? boost::json::serialize(*value) : "refused";  // where, depends on how it came
}

}  // namespace

void fuzz_message_json(std::string_view input) {
  (void)read_alike(input, json_text);
  auto value = read_json(input, input.size() + 1);
  if (!value) return;
  auto order = control::read_message_order(*std::move(value), most_recipients);
  if (!order) return require(is_printable(order.error().message));
  require(!order->envelope.recipients.empty() && order->envelope.recipients.size() <= most_recipients);
  for (const auto& recipient : order->envelope.recipients) require(is_one_line(to_string(recipient)));
  base::SeededRandom random(1);
  const auto composed = mail::compose_message(std::move(order->message), random);
  if (!composed) return require(is_printable(composed.error().message));
  std::string all;
  for (const auto& piece : composed->pieces) all += piece;
  require(all.size() == composed->size() && is_canonical(all, 998));
  const mail::Header header(all);
  require(header.complete() && are_fields(header.text()) && !header.find("Bcc"));
}

}  // namespace godwit::fuzz
