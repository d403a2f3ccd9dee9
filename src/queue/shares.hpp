// SPDX-License-Identifier: Apache-2.0
// What sites have in common: connections and memory, in shares, so that many sites that hang leave room for the rest.
// Pure; the queue holds one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "godwit/queue/settings.hpp"

namespace godwit::queue {

enum class Share : std::uint8_t {
  local,     // the disk's: no connection of ours
  routing,   // asks DNS what its site is: no connection yet
  hanging,   // the same, and the answer does not come, or did not the last time
  unproven,  // never reached, or not the last time: never gets the last fifth of all connections
  proven     // reached the last time
};
inline constexpr std::size_t share_count = 5;

class Shares {
 public:
  explicit Shares(const Settings& settings) { configure(settings); }
  void configure(const Settings& settings);

  // That may exceed the share: a site with grants out may come to belong to another.
  void add(Share share, std::size_t grants, std::uint64_t bytes);
  void subtract(Share share, std::size_t grants, std::uint64_t bytes);

  bool has_slot(Share share) const;
  // One message is always let in, however large.
  bool has_room(Share share, std::uint32_t bytes) const;
  bool exceeded(Share share) const;
  // Why has_slot() is false.
  std::string why_full(Share share) const;
  bool operator==(const Shares&) const = default;

 private:
  struct Use {
    std::size_t grants = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Use&) const = default;
  };
  Use& of(Share share) { return used_[static_cast<std::size_t>(share)]; }
  const Use& of(Share share) const { return used_[static_cast<std::size_t>(share)]; }
  // Connections are counted together, whether proven or not.
  Use counted_for(Share share) const;

  std::array<Use, share_count> used_{};
  std::array<Use, share_count> most_{};
};

}  // namespace godwit::queue
