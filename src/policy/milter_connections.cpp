// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/milter_connections.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "find_server.hpp"
#include "milter_link.hpp"

namespace godwit::policy {
namespace {

constexpr base::Duration longest_kept = std::chrono::seconds(60);  // many milters end what is idle for longer

}  // namespace

MilterConnections::MilterConnections(net::Network& network, dns::Resolver& resolver, std::span<char> scratch)
    : network_(network), resolver_(resolver), scratch_(scratch) {}
MilterConnections::~MilterConnections() = default;

void MilterConnections::drop_old() {
  const auto now = network_.now();
  while (!kept_.empty() && kept_.front().since + longest_kept < now) {
    kept_.front().link->say_goodbye();
    kept_.pop_front();
  }
}

std::unique_ptr<MilterLink> MilterConnections::take_kept(const MilterSettings& settings) {
  drop_old();
  for (;;) {
    const auto found = std::ranges::find(kept_, settings.address, &Kept::address);
    if (found == kept_.end()) return nullptr;
    auto link = std::move(found->link);
    kept_.erase(found);
    if (link->settle()) return link;
  }
}

void MilterConnections::give_back(const MilterSettings& settings, std::unique_ptr<MilterLink> link) {
  drop_old();
  const auto room = std::ranges::count(kept_, settings.address, &Kept::address) <
                    static_cast<std::ptrdiff_t>(settings.idle_connections);
  if (room && link->dialogue().can_serve_another()) {
    link->tell(link->dialogue().next_connection());
    if (link->settle()) kept_.push_back({settings.address, network_.now(), std::move(link)});
    return;
  }
  link->say_goodbye();
}

net::Task<std::unique_ptr<MilterLink>> MilterConnections::connect(const MilterSettings& settings,
                                                                  net::Canceller& canceller, base::MonoTime end) {
  const auto deadline = std::min(network_.now() + settings.connect_timeout, end);
  auto finding = find_server(resolver_, settings.address);
  auto endpoint = co_await std::move(finding);
  if (!endpoint) co_return std::unexpected(std::move(endpoint.error()));
  net::ConnectOptions options;
  options.deadline = deadline;
  options.canceller = &canceller;
  auto stream = co_await network_.connect(*endpoint, options);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  auto link = std::make_unique<MilterLink>(std::move(*stream), network_, scratch_);
  MilterLink* const negotiating = link.get();
  const net::Canceller::Hook hook(&canceller, [negotiating] { negotiating->cancel(); });
  auto agreed = co_await link->negotiate(deadline);
  if (!agreed) co_return std::unexpected(std::move(agreed.error()));
  co_return link;
}

}  // namespace godwit::policy
