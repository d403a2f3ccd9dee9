// SPDX-License-Identifier: Apache-2.0
// A message being received is looked at again, and gets another body, before it is stored; for filters.  Both require
// messages that one spool of open_spool() began, and that are not being written to meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "godwit/disk/disk.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::spool {

// What was written so far: up to into.size() bytes from `offset`; 0 at the end.  Resumes on the caller's executor.
disk::Task<std::size_t> read_back(Incoming& message, std::uint64_t offset, std::span<char> into);

// Each gets what was written to the other, also its refusal; they keep their ids, and what was prepended.
void exchange_bodies(Incoming& one, Incoming& other);

}  // namespace godwit::spool
