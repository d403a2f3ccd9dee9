// SPDX-License-Identifier: Apache-2.0
// A message that is handed in as it is comes out canonical, and the same however it came, and who it is to and from by
// its header can be told in a command.
#include "control/raw_message.hpp"
#include "fuzz/pieces.hpp"
#include "godwit/mail/header_recipients.hpp"

namespace godwit::fuzz {
namespace {

std::string read_raw(std::string_view text, std::size_t piece) {
  control::RawMessage message(pieces_of(text, piece));
  const auto header = testing::run_awaitable(message.header());
  if (!header) return "-" + header.error().message;
  const std::string beginning(*header);
  const auto all = read_on(message);
  require(is_canonical(all) || all.contains('\0'));  // which the spool refuses
  require(all.starts_with(beginning.substr(0, beginning.find("\r\n\r\n"))));
  return all;
}

}  // namespace

void fuzz_raw_message(std::string_view input) {
  const auto message = read_alike(input, read_raw);
  if (const auto recipients = mail::header_recipients(message))
    for (const auto& one : *recipients) require(is_one_line(to_string(one)) && !one.local.empty());
  if (const auto sender = mail::header_sender(message); sender && *sender) require(is_one_line(to_string(**sender)));
}

}  // namespace godwit::fuzz
