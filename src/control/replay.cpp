// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/replay.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::control {
namespace {

// "554 5.7.1 <a@b>: Relay access denied" → "554 5.7.1"
std::string codes_of(std::string_view reply) {
  const auto words = base::split(reply, ' ');
  std::string codes(words.front());
  if (words.size() > 1 && std::ranges::count(words[1], '.') == 2) codes += " " + std::string(words[1]);
  return codes;
}

// An alias may stand for thousands.
std::string shortened(const std::string& text) {
  constexpr std::size_t most = 300;
  return text.size() <= most ? text : text.substr(0, most) + " ...";
}

std::string refusal_key(const ReplayVerdict& verdict) {
  if (verdict.refusal.empty()) return "accepted";
  return (verdict.rule.empty() ? std::string() : verdict.rule + ": ") + codes_of(verdict.refusal);
}

std::string refusal_text(const ReplayVerdict& verdict) {
  return verdict.refusal.empty() ? "accepted" : verdict.refusal;
}

}  // namespace

std::string_view to_string(ReplayChange change) {
  constexpr std::array<std::string_view, replay_changes> names{
      "newly_rejected", "newly_accepted", "rejected_otherwise", "route", "tls", "limits", "held", "rewriting"};
  return names[static_cast<std::size_t>(change)];
}

double ReplayReport::newly_rejected_percent() const {
  const auto rejected = of(ReplayChange::newly_rejected).envelopes;
  return accepted == 0 ? 0 : 100.0 * static_cast<double>(rejected) / static_cast<double>(accepted);
}

// Which kinds of change an envelope was counted in.
struct ReplayComparison::Seen {
  std::array<bool, replay_changes> kinds{};
};

void ReplayComparison::add(const ReplayedEnvelope& envelope) {
  ++(envelope.id.empty() ? report_.refused : report_.accepted);
  if (!report_.since || envelope.time < *report_.since) report_.since = envelope.time;
  Seen seen;
  for (const auto& recipient : envelope.recipients) compare(envelope, recipient, seen);
  if (std::ranges::none_of(seen.kinds, std::identity())) ++report_.unchanged;
}

void ReplayComparison::compare(const ReplayedEnvelope& envelope, const ReplayedRecipient& recipient, Seen& seen) {
  const auto& [address, before, after] = recipient;
  if (before == after) return;
  const bool was_taken = before.refusal.empty(), is_taken = after.refusal.empty();
  if (!was_taken || !is_taken) {
    if (!was_taken && !is_taken && refusal_key(before) == refusal_key(after)) return;
    const auto change = was_taken  ? ReplayChange::newly_rejected
                        : is_taken ? ReplayChange::newly_accepted
                                   : ReplayChange::rejected_otherwise;
    return note(change, envelope, recipient, refusal_key(before), refusal_key(after), seen);
  }
  // What was refused then took no way.
  if (envelope.id.empty()) return;
  if (before.route != after.route) note(ReplayChange::route, envelope, recipient, before.route, after.route, seen);
  // Where it goes elsewhere, TLS is part of that; where nothing is spoken over a network there is none.
  if (before.tls != after.tls && !before.tls.empty() && !after.tls.empty())
    note(ReplayChange::tls, envelope, recipient, before.tls, after.tls, seen);
  // Those of a store are no host's: where mail goes from one to the other, they are part of that.
  if (before.limits != after.limits && before.tls.empty() == after.tls.empty())
    note(ReplayChange::limits, envelope, recipient, before.limits, after.limits, seen);
  if (before.held != after.held) note(ReplayChange::held, envelope, recipient, before.held, after.held, seen);
  // Each differs from the others: they are one group.
  if (before.becomes != after.becomes) note(ReplayChange::rewriting, envelope, recipient, {}, {}, seen);
}

void ReplayComparison::note(ReplayChange change, const ReplayedEnvelope& envelope, const ReplayedRecipient& recipient,
                            const std::string& from, const std::string& to, Seen& seen) {
  const auto before = shortened(from), after = shortened(to);
  auto& difference = report_.differences[static_cast<std::size_t>(change)];
  if (!std::exchange(seen.kinds[static_cast<std::size_t>(change)], true)) ++difference.envelopes;
  auto group = std::ranges::find_if(difference.groups,
                                    [&](const ReplayGroup& one) { return one.before == before && one.after == after; });
  if (group == difference.groups.end()) {
    if (difference.groups.size() >= most_groups) {
      ++difference.other;
      return;
    }
    difference.groups.push_back({.before = before, .after = after});
    group = std::prev(difference.groups.end());
  }
  ++group->recipients;
  if (group->examples.size() >= most_examples) return;
  ReplayExample example{.id = envelope.id,
                        .time = envelope.time,
                        .client = envelope.client,
                        .from = envelope.from,
                        .to = recipient.address,
                        .before = before,
                        .after = after};
  if (change <= ReplayChange::rejected_otherwise) {
    example.before = refusal_text(recipient.before);
    example.after = refusal_text(recipient.after);
  } else if (change == ReplayChange::rewriting) {
    example.before = shortened(recipient.before.becomes);
    example.after = shortened(recipient.after.becomes);
  }
  group->examples.push_back(std::move(example));
}

ReplayReport ReplayComparison::report() const {
  auto report = report_;
  for (auto& difference : report.differences)
    std::ranges::stable_sort(difference.groups, std::ranges::greater(), &ReplayGroup::recipients);
  return report;
}

}  // namespace godwit::control
