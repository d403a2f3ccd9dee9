// SPDX-License-Identifier: Apache-2.0
// Takes exported messages out of the spool they came from, which this opens itself, so no daemon may run on it.  Call
// it only when the export is durable: a crash before or in between leaves messages in both places, never in none.
#pragma once

#include <vector>

#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/spool/settings.hpp"

namespace godwit::tools {

// A message, and the state it was exported in.
struct ExportedState {
  base::MessageId id;
  std::uint32_t envelope_crc = 0;
};
std::uint32_t state_of(const mail::Envelope& envelope);

struct Removed {
  std::size_t messages = 0;
  std::size_t changed = 0;  // gone, or in another state than the exported one; left as they are
};
// Errors: refused (a daemon uses the spool), and as the disk gives them.
base::Result<Removed> remove_exported(const spool::Settings& settings, const std::vector<ExportedState>& exported);

}  // namespace godwit::tools
