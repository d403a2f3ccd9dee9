// SPDX-License-Identifier: Apache-2.0
#include "milter_editing.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

constexpr std::size_t longest_reason = 256;

// Of mail filters: "<a@x>", or "a@x".
base::Result<smtp::ReversePath> parse_given(std::string_view text) {
  text = base::trim(text);
  if (text.empty()) return smtp::ReversePath();
  if (text.starts_with('<')) {
    auto path = smtp::parse_path(text, smtp::Utf8::allow, smtp::BareLocal::allow);
    if (!path) return std::unexpected(std::move(path.error()));
    return std::move(path->path);
  }
  auto mailbox = smtp::parse_mailbox(text, smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!mailbox) return std::unexpected(std::move(mailbox.error()));
  return smtp::ReversePath(std::move(*mailbox));
}

base::Result<smtp::Mailbox> parse_recipient(std::string_view text) {
  auto path = parse_given(text);
  if (!path) return std::unexpected(std::move(path.error()));
  if (!*path) return base::fail(base::ErrorKind::invalid, "a recipient without an address");
  return std::move(**path);
}

// "NOTIFY=NEVER ORCPT=rfc822;a@x".  What is not asked for, or cannot be read, is passed over.
template <class Take>
void each_parameter(std::string_view text, Take take) {
  for (const auto word : base::split(text, ' ')) {
    const auto equals = word.find('=');
    if (equals != std::string_view::npos) take(word.substr(0, equals), word.substr(equals + 1));
  }
}

}  // namespace

base::Result<> MilterEditing::apply(const MilterChange& change) {
  return std::visit([this](const auto& one) { return on(one); }, change);
}

void MilterEditing::note(std::string_view what) {
  if (std::ranges::find(done_, what) == done_.end()) done_.emplace_back(what);
}

// What is put beside others hurts a seal only if that covers fields of its name; nobody's covers these.
void MilterEditing::note_new_field(std::string_view name) {
  note("header");
  const bool harmless = base::istarts_with(name, "X-") || base::istarts_with(name, "ARC-") ||
                        base::iequals(name, "Authentication-Results") || base::iequals(name, "DKIM-Signature") ||
                        base::iequals(name, "Received") || base::iequals(name, "Received-SPF");
  breaks_signatures_ = breaks_signatures_ || !harmless;
}

void MilterEditing::note_body() {
  note("body");
  breaks_signatures_ = true;
}

base::Result<> MilterEditing::on(const change::AddHeader& change) {
  note_new_field(change.name);
  return header_.add(change.name, change.value);
}

base::Result<> MilterEditing::on(const change::InsertHeader& change) {
  note_new_field(change.name);
  return header_.insert(change.index, change.name, change.value);
}

base::Result<> MilterEditing::on(const change::ChangeHeader& change) {
  note("header");
  breaks_signatures_ = true;
  return header_.change(change.index, change.name, change.value);
}

base::Result<> MilterEditing::on(const change::ChangeSender& change) {
  auto path = parse_given(change.address);
  if (!path) return std::unexpected(std::move(path.error()));
  note("sender");
  NewSender sender{.sender = std::move(*path)};
  each_parameter(change.parameters, [&sender](std::string_view keyword, std::string_view value) {
    if (base::iequals(keyword, "RET")) sender.ret = smtp::read_return(value).value_or(0);
    if (base::iequals(keyword, "ENVID")) sender.envid = smtp::read_envid(value).value_or("");
  });
  envelope_.push_back(std::move(sender));
  return {};
}

base::Result<> MilterEditing::on(const change::AddRecipient& change) {
  auto address = parse_recipient(change.address);
  if (!address) return std::unexpected(std::move(address.error()));
  note("recipient");
  NewRecipient recipient{.address = std::move(*address)};
  each_parameter(change.parameters, [&recipient](std::string_view keyword, std::string_view value) {
    if (base::iequals(keyword, "NOTIFY")) recipient.parameters.notify = smtp::read_notify(value).value_or(0);
    if (base::iequals(keyword, "ORCPT")) recipient.parameters.orcpt = smtp::read_orcpt(value).value_or("");
  });
  envelope_.push_back(std::move(recipient));
  return {};
}

base::Result<> MilterEditing::on(const change::DeleteRecipient& change) {
  auto address = parse_recipient(change.address);
  if (!address) return std::unexpected(std::move(address.error()));
  note("recipient");
  envelope_.push_back(NoRecipient{std::move(*address)});
  return {};
}

base::Result<> MilterEditing::on(const change::Quarantine& change) {
  note("quarantine");
  hold_ = change.reason.empty() ? "quarantined" : base::printable(change.reason, longest_reason);
  return {};
}

void MilterEditing::finish(std::string_view milter, mail::EditableHeader& header, FilterOutcome& outcome) {
  header = std::move(header_);
  std::ranges::move(envelope_, std::back_inserter(outcome.envelope));
  if (!hold_.empty()) outcome.hold = std::string(milter) + ": " + hold_;
  outcome.breaks_signatures = outcome.breaks_signatures || breaks_signatures_;
  if (done_.empty()) return;
  if (!outcome.summary.empty()) outcome.summary += ' ';
  outcome.summary += std::string(milter) + "=" + summary();
}

}  // namespace godwit::policy
