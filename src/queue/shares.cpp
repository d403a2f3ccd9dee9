// SPDX-License-Identifier: Apache-2.0
#include "shares.hpp"

#include <limits>

#include <fmt/format.h>

namespace godwit::queue {
namespace {

bool is_connection(Share share) {
  return share == Share::unproven || share == Share::proven;
}

}  // namespace

// Half of the memory is for messages that go over connections, a quarter for the disk, a quarter for lookups.
void Shares::configure(const Settings& settings) {
  const auto most = [&](Share share) -> Use& { return most_[static_cast<std::size_t>(share)]; };
  const std::size_t connections = settings.connections;
  const std::uint64_t bytes = settings.active_bytes;
  most(Share::local) = {.grants = std::numeric_limits<std::size_t>::max(), .bytes = bytes / 4};
  most(Share::routing) = {.grants = connections, .bytes = bytes / 8};
  // A lookup costs less than a connection, and one that hangs stays long.
  most(Share::hanging) = {.grants = 4 * connections, .bytes = bytes / 8};
  most(Share::proven) = {.grants = connections, .bytes = bytes / 2};
  most(Share::unproven) = {.grants = connections - connections / 5, .bytes = bytes / 2 - bytes / 10};
}

void Shares::add(Share share, std::size_t grants, std::uint64_t bytes) {
  of(share).grants += grants;
  of(share).bytes += bytes;
}

void Shares::subtract(Share share, std::size_t grants, std::uint64_t bytes) {
  of(share).grants -= grants;
  of(share).bytes -= bytes;
}

Shares::Use Shares::counted_for(Share share) const {
  if (!is_connection(share)) return of(share);
  const Use &unproven = of(Share::unproven), &proven = of(Share::proven);
  return {.grants = unproven.grants + proven.grants, .bytes = unproven.bytes + proven.bytes};
}

bool Shares::has_slot(Share share) const {
  const std::size_t most = most_[static_cast<std::size_t>(share)].grants;
  if (share != Share::unproven) return counted_for(share).grants < most;
  return of(share).grants < most && has_slot(Share::proven);
}

bool Shares::has_room(Share share, std::uint32_t bytes) const {
  if (of(share).bytes == 0) return true;
  const std::uint64_t most = most_[static_cast<std::size_t>(share)].bytes;
  if (share != Share::unproven) return counted_for(share).bytes + bytes <= most;
  return of(share).bytes + bytes <= most && has_room(Share::proven, bytes);
}

bool Shares::exceeded(Share share) const {
  const std::size_t most = most_[static_cast<std::size_t>(share)].grants;
  if (share != Share::unproven) return counted_for(share).grants > most;
  return of(share).grants > most || exceeded(Share::proven);
}

std::string Shares::why_full(Share share) const {
  const std::size_t all = most_[static_cast<std::size_t>(Share::proven)].grants;
  if (share == Share::routing) return fmt::format("limit of DNS lookups ({} of {})", of(share).grants, all);
  if (share == Share::hanging)
    return fmt::format("limit of DNS lookups without an answer ({} of {})", of(share).grants,
                       most_[static_cast<std::size_t>(share)].grants);
  if (!has_slot(Share::proven))
    return fmt::format("limit of connections in all ({} of {})", counted_for(share).grants, all);
  return fmt::format("limit of connections to destinations that do not work ({} of {})", of(share).grants,
                     most_[static_cast<std::size_t>(Share::unproven)].grants);
}

}  // namespace godwit::queue
