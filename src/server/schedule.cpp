// SPDX-License-Identifier: Apache-2.0
#include "schedule.hpp"

namespace godwit::server {
namespace {

base::WallTime release_of(const smtp::Hold& hold, base::WallTime now) {
  if (const auto* interval = std::get_if<std::chrono::seconds>(&hold)) return now + *interval;
  const auto moment = std::get<base::WallTime>(hold);
  return moment > now ? moment : base::WallTime{};
}

}  // namespace

std::expected<Schedule, smtp::Reply> make_schedule(const smtp::MailParameters& parameters, base::WallTime now,
                                                   base::Duration longest_hold) {
  Schedule schedule;
  if (parameters.hold) schedule.release = release_of(*parameters.hold, now);
  if (schedule.release > now + longest_hold)
    return std::unexpected(smtp::make_reply(501, {5, 5, 4}, "Held for longer than FUTURERELEASE allows"));
  if (const auto& by = parameters.deliver_by)
    schedule.deliver_by = mail::DeliverBy{.time = now + by->within, .mode = by->mode, .trace = by->trace};
  if (schedule.deliver_by && schedule.release >= schedule.deliver_by->time)
    return std::unexpected(smtp::make_reply(501, {5, 5, 4}, "Held until it is too late to deliver it"));
  return schedule;
}

}  // namespace godwit::server
