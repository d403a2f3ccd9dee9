// SPDX-License-Identifier: Apache-2.0
#include "past_envelope.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "godwit/policy/service_name.hpp"

namespace godwit::daemon {
namespace {

constexpr std::string_view user_prefix = "user:";

std::size_t number_in(const state::HistoryEvent& event, std::string_view name) {
  const auto found = std::ranges::find(event.fields, name, &state::HistoryField::name);
  if (found == event.fields.end()) return 0;
  const auto* number = std::get_if<std::int64_t>(&found->value);
  return number == nullptr || *number < 0 ? 0 : static_cast<std::size_t>(*number);
}

// An older version did not record the service.
smtp::Service service_of(const state::HistoryEvent& event) {
  if (const auto named = policy::service_named(event.text("service"))) return *named;
  if (event.text("client").starts_with(user_prefix)) return smtp::Service::local;
  return event.text("account").empty() ? smtp::Service::mx : smtp::Service::submission;
}

bool take_client(const state::HistoryEvent& event, policy::Client& client) {
  client.service = service_of(event);
  client.account = event.text("account");
  const auto said = event.text("client");
  if (client.service == smtp::Service::local) {
    client.user = said.starts_with(user_prefix) ? said.substr(user_prefix.size()) : std::string_view();
    return !client.user.empty();
  }
  const auto address = base::IpAddress::parse(said);
  if (address) client.address = *address;
  return address.has_value();
}

bool take_sender(std::string_view text, smtp::ReversePath& sender) {
  auto parsed = smtp::parse_path(text, smtp::Utf8::allow, smtp::BareLocal::allow);
  if (parsed) sender = std::move(parsed->path);
  return parsed.has_value();
}

}  // namespace

std::vector<smtp::Mailbox> parse_paths(std::string_view text) {
  std::vector<smtp::Mailbox> addresses;
  while (!text.empty()) {
    auto parsed = smtp::parse_path(text, smtp::Utf8::allow, smtp::BareLocal::allow);
    if (!parsed || !parsed->path) break;
    addresses.push_back(std::move(*parsed->path));
    text = parsed->rest;
    if (!text.starts_with(',')) break;
    text.remove_prefix(1);
  }
  return addresses;
}

std::optional<server::PastEnvelope> past_envelope(const state::HistoryEvent& event) {
  server::PastEnvelope envelope;
  if (!take_client(event, envelope.client) || !take_sender(event.text("from"), envelope.sender)) return {};
  envelope.hello = event.text("hello");
  const auto to = event.text("to");
  // At the stage rcpt a recipient stands by itself.
  if (event.text("stage") == "rcpt") {
    auto recipient = smtp::parse_mailbox(to, smtp::BareLocal::allow, smtp::Utf8::allow);
    if (!recipient) return {};
    envelope.recipients.push_back(std::move(*recipient));
  } else {
    envelope.recipients = parse_paths(to);
    if (envelope.recipients.empty() && event.name == "accepted") return {};
  }
  envelope.asked = envelope.recipients.size();
  envelope.size = number_in(event, "size");
  return envelope;
}

void PastEnvelopes::remember(const state::HistoryEvent& event) {
  // Of messages whose acceptance was not recorded.
  if (waiting_.size() >= most_waiting) waiting_.clear();
  waiting_.insert_or_assign(std::string(event.text("id")), event);
}

std::optional<server::PastEnvelope> PastEnvelopes::complete(const state::HistoryEvent& event) {
  auto envelope = past_envelope(event);
  const auto found = waiting_.find(event.text("id"));
  if (found == waiting_.end()) return envelope;
  const auto whole = std::move(found->second);
  waiting_.erase(found);
  if (!envelope) return envelope;
  take_sender(whole.text("from"), envelope->sender);
  if (auto recipients = parse_paths(whole.text("to")); !recipients.empty())
    envelope->recipients = std::move(recipients);
  envelope->asked = std::max(number_in(whole, "asked"), envelope->recipients.size());
  return envelope;
}

}  // namespace godwit::daemon
