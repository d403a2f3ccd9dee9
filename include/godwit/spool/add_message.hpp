// SPDX-License-Identifier: Apache-2.0
// Messages that do not come from a client: out of another spool (for tools/, on a spool that it opens itself, and for
// the control API), or copies of one that is here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "godwit/mail/export_file.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::spool {

// The next bytes of a body, valid until the next call; empty at its end.
using Pieces = std::function<disk::Task<std::string_view>()>;
Pieces pieces_of(std::shared_ptr<Body> body);

// Completes when the message survives power loss; after an error nothing of it is left.  Errors: exhausted and refused
// (the spool's), those of `body`.
disk::Task<base::MessageId> add_message(Spool& spool, mail::Envelope envelope, std::uint64_t size, Pieces body);

// The same for a message that was exported: every recipient in the state it had, under a new id, because ids are in the
// order of time within one spool.  Errors: also corrupt (the body is not the one that `file` describes), invalid (none
// of its recipients waits).
disk::Task<base::MessageId> import_message(Spool& spool, mail::ExportFile file, Pieces body);

}  // namespace godwit::spool
