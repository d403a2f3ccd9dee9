// SPDX-License-Identifier: Apache-2.0
#include "history_matcher.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::state {
namespace {

bool matches_address(std::string_view pattern, std::string_view address) {
  if (pattern == "<>") return address.empty();
  if (pattern.starts_with('@')) return base::matches_pattern("*" + std::string(pattern), address);
  return base::matches_pattern(pattern, address);
}

// What happens on the way, and is no answer to "what became of it?".
bool is_step(std::string_view event) {
  return event == "attempt" || event == "routed";
}

// What has none of it does not fit.
bool fits_text(std::string_view pattern, std::string_view text) {
  return pattern.empty() || (!text.empty() && base::matches_pattern(pattern, text));
}

}  // namespace

std::string_view without_brackets(std::string_view address) {
  if (address.starts_with('<') && address.ends_with('>')) return address.substr(1, address.size() - 2);
  return address;
}

HistoryMatcher::HistoryMatcher(HistoryQuery query) : query_(std::move(query)) {
  query_.message_id = without_brackets(query_.message_id);
}

bool HistoryMatcher::fits_recipients(std::string_view recipients) const {
  for (const auto recipient : base::split(recipients, ','))
    if (matches_address(query_.recipient, without_brackets(recipient))) return true;
  return false;
}

bool HistoryMatcher::fits_destination(std::string_view recipients, std::string_view site) const {
  if (!site.empty() && base::matches_pattern(query_.destination, site)) return true;
  for (const auto recipient : base::split(recipients, ','))
    if (base::matches_pattern(query_.destination, base::domain_of(without_brackets(recipient)))) return true;
  return false;
}

bool HistoryMatcher::fits(std::string_view name, std::string_view sender, std::string_view recipients,
                          std::string_view site) const {
  if (!query_.outcome.empty() && !base::iequals(query_.outcome, name)) return false;
  if (!query_.sender.empty() && (sender.empty() || !matches_address(query_.sender, without_brackets(sender))))
    return false;
  if (!query_.recipient.empty() && !fits_recipients(recipients)) return false;
  return query_.destination.empty() || fits_destination(recipients, site);
}

bool HistoryMatcher::fits_header(const EventView& event) const {
  return fits_text(query_.message_id, without_brackets(event.text("message_id"))) &&
         fits_text(query_.subject, event.text("subject"));
}

bool HistoryMatcher::finds(const EventView& event) const {
  if (event.ids.count == 0) return false;
  if ((query_.since && event.time < *query_.since) || (query_.until && event.time > *query_.until)) return false;
  if (by_header()) return fits_header(event);
  return (!is_step(event.name) || !query_.outcome.empty()) &&
         fits(event.name, event.text("from"), event.text("to"), event.text("site"));
}

const HistoryEvent* HistoryMatcher::means(const std::vector<HistoryEvent>& events) const {
  const auto found = std::find_if(events.rbegin(), events.rend(), [this](const HistoryEvent& event) {
    return (!is_step(event.name) || !query_.outcome.empty()) &&
           fits(event.name, event.text("from"), event.text("to"), event.text("site"));
  });
  return found == events.rend() ? nullptr : &*found;
}

}  // namespace godwit::state
