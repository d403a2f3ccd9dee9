// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/event_counts.hpp"

#include <algorithm>
#include <string>

namespace godwit::control {
namespace {

const log::Field* find_field(std::span<const log::Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &log::Field::name);
  return found == fields.end() ? nullptr : &*found;
}

std::string_view text_of(std::span<const log::Field> fields, std::string_view name) {
  const auto* field = find_field(fields, name);
  if (field == nullptr) return {};
  if (const auto* view = std::get_if<std::string_view>(&field->value)) return *view;
  const auto* owned = std::get_if<std::string>(&field->value);
  return owned == nullptr ? std::string_view() : *owned;
}

std::uint64_t number_of(std::span<const log::Field> fields, std::string_view name) {
  const auto* field = find_field(fields, name);
  const auto* number = field == nullptr ? nullptr : std::get_if<std::int64_t>(&field->value);
  return number == nullptr ? 0 : static_cast<std::uint64_t>(*number);
}

// names.size(): it is none of them.
std::size_t place_in(std::span<const std::string_view> names, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
}

void add(std::atomic<std::uint64_t>& count, std::uint64_t by = 1) {
  count.fetch_add(by, std::memory_order_relaxed);
}

template <std::size_t size>
void read(const std::array<std::atomic<std::uint64_t>, size>& counts, std::array<std::uint64_t, size>& into) {
  std::ranges::transform(counts, into.begin(), [](const auto& one) { return one.load(std::memory_order_relaxed); });
}

}  // namespace

void EventCounts::count(std::string_view event, std::span<const log::Field> fields) {
  if (event == "accepted") return count_accepted(fields);
  if (event == "rejected") return count_rejected(fields);
  if (const auto outcome = place_in(outcomes, event); outcome < outcomes.size())
    add(by_outcome_[outcome][place_in(mail::failure_class_names, text_of(fields, "class"))]);
  else if (const auto other = place_in(other_events, event); other < other_events.size())
    add(others_[other]);
}

void EventCounts::count_accepted(std::span<const log::Field> fields) {
  add(accepted_);
  add(accepted_recipients_, number_of(fields, "recipients"));
  add(accepted_bytes_, number_of(fields, "size"));
}

// What has no reply of the rules was refused by a spool that is full, or for a reason of that kind.
void EventCounts::count_rejected(std::span<const log::Field> fields) {
  const auto reply = text_of(fields, "reply");
  const auto said = reply.empty() ? text_of(fields, "reason") : reply;
  const auto stage = std::min(place_in(stages, text_of(fields, "stage")), stages.size() - 1);
  add(said.starts_with('5') ? rejected_[stage] : put_off_[stage]);
}

EventCounts::Values EventCounts::values() const {
  Values values;
  values.accepted = accepted_.load(std::memory_order_relaxed);
  values.accepted_recipients = accepted_recipients_.load(std::memory_order_relaxed);
  values.accepted_bytes = accepted_bytes_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < outcomes.size(); ++i) read(by_outcome_[i], values.by_outcome[i]);
  read(rejected_, values.rejected);
  read(put_off_, values.put_off);
  read(others_, values.others);
  return values;
}

}  // namespace godwit::control
