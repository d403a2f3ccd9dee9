// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace godwit::spool {

struct Settings {
  std::string directory = "/var/spool/godwit";
  std::uint64_t inline_limit = 256U << 10U;  // bodies above it get a file of their own in large/
  std::uint64_t min_free = 256U << 20U;      // bytes that stay free on the disk; below: 452 4.3.1
  std::uint64_t segment_size = 64U << 20U;
  std::uint64_t memory = 1U << 30U;         // of bodies in flight and just accepted (limits.memory)
  std::uint64_t message_size = 50U << 20U;  // refused above (limits.message_size and what we add)
};

}  // namespace godwit::spool
