// SPDX-License-Identifier: Apache-2.0
#include "control_submissions.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "host.hpp"

namespace godwit::daemon {
namespace {

// What is told of no message that the spool did not have.
constexpr std::array<std::string_view, 8> events_of_taken = {"accepted", "routed",  "attempt", "delivered",
                                                             "deferred", "bounced", "expired", "discarded"};

policy::Settings unbounded_connections() {
  policy::Settings settings;
  settings.connections_per_client = settings.connections;
  return settings;
}

}  // namespace

ControlSubmissions::ControlSubmissions(Host& host, std::shared_ptr<const server::Rules> rules)
    : host_(host),
      limits_(unbounded_connections()),
      submissions_(std::move(rules), host.server_surroundings(Host::home, limits_)),
      keys_(host.live_->settings.state.directory, host.pools_.housekeeping.executor(), host.clock_, host.log_),
      desk_({.submissions = submissions_,
             .keys = keys_,
             .bounds =
                 [&host] {
                   const auto& settings = host.live_->settings.server;
                   return control::SubmissionDesk::Bounds{.message_size = settings.message_size,
                                                          .recipients = settings.recipients};
                 },
             .was_taken = [this](base::MessageId id) { return was_taken(id); },
             .pool = host.pools_.local,
             .random = host.random_,
             .clock = host.clock_}) {}

// The history is lost sooner than mail: what it cannot tell was not taken, and may come twice.
boost::asio::awaitable<base::Result<bool>> ControlSubmissions::was_taken(base::MessageId id) {
  auto reading = host_.spool_->read(id);
  const auto message = co_await std::move(reading);
  if (message) co_return true;
  if (message.error().kind != base::ErrorKind::not_found) co_return std::unexpected(message.error());
  auto asking = host_.history_.of(id);
  const auto events = co_await std::move(asking);
  if (!events) co_return false;
  co_return std::ranges::any_of(*events, [](const auto& event) {
    return std::ranges::find(events_of_taken, event.name) != events_of_taken.end();
  });
}

}  // namespace godwit::daemon
