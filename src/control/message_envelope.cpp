// SPDX-License-Identifier: Apache-2.0
#include "message_envelope.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::control {
namespace {

constexpr std::array<std::string_view, 6> envelope_words = {"from", "to", "notify", "ret", "envid", "deliver_by"};

std::optional<smtp::Mailbox> read_address(std::string_view text) {
  auto address = smtp::parse_mailbox(text, smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!address) return {};
  return *std::move(address);
}

std::optional<std::uint8_t> read_ret(std::string_view value) {
  return base::iequals(value, "headers") ? smtp::return_headers : smtp::read_return(value);
}

bool is_envid(std::string_view value) {
  return !value.empty() && value.size() <= smtp::longest_envid &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

// RFC 5321 section 4.1.1.3: a recipient named twice is one.
void MessageEnvelope::add_recipient(smtp::Mailbox recipient) {
  if (known.insert(recipient).second) recipients.push_back(std::move(recipient));
}

bool is_envelope_word(std::string_view name) {
  return std::ranges::find(envelope_words, name) != envelope_words.end();
}

std::string set_envelope_word(MessageEnvelope& envelope, std::string_view name, std::string_view value) {
  if (name == "from") {
    envelope.sender.emplace();
    if (value.empty() || value == "<>") return {};
    *envelope.sender = read_address(value);
    return *envelope.sender ? "" : "from is an address, or empty for reports";
  }
  if (name == "to") {
    auto recipient = read_address(value);
    if (!recipient) return "to is an address like alice@example.com, once for each recipient";
    envelope.add_recipient(*std::move(recipient));
    return {};
  }
  if (name == "notify") {
    envelope.notify = smtp::read_notify(base::to_upper(value)).value_or(0);
    return envelope.notify != 0 ? "" : "notify is never, or some of success, failure and delay";
  }
  if (name == "ret") {
    envelope.ret = read_ret(base::to_upper(value)).value_or(0);
    return envelope.ret != 0 ? "" : "ret is full or headers";
  }
  if (name == "envid") {
    envelope.envid = value;
    return is_envid(value) ? "" : "envid has 1 to 100 printable US-ASCII characters without blanks";
  }
  envelope.deliver_by = smtp::read_deliver_by(base::to_upper(value));
  return envelope.deliver_by ? "" : "deliver_by is seconds and a mode, like 3600;R or 3600;N";
}

smtp::ClientTransaction transaction_of(MessageEnvelope envelope) {
  smtp::ClientTransaction transaction{.sender = envelope.sender.value_or(smtp::ReversePath()),
                                      .ret = envelope.ret,
                                      .envid = std::move(envelope.envid),
                                      .deliver_by = envelope.deliver_by};
  for (auto& recipient : envelope.recipients) {
    transaction.smtputf8 = transaction.smtputf8 || !base::is_ascii(to_string(recipient));
    transaction.recipients.push_back({.address = std::move(recipient), .parameters = {.notify = envelope.notify}});
  }
  return transaction;
}

}  // namespace godwit::control
