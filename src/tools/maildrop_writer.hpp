// SPDX-License-Identifier: Apache-2.0
// Leaves a message in the maildrop, where the daemon takes it when it runs.  Its owner, as the system keeps him, is who
// sends it.
#pragma once

#include <string>

#include "draft.hpp"
#include "godwit/mail/maildrop_file.hpp"

namespace godwit::tools {

// Completes when the file survives power loss, under its final name.  After an error nothing of it is left.  Errors: io
// (os_error: of the folder ENOENT, EACCES, ENOSPC, ...), those of the draft.
base::Result<> write_to_maildrop(const std::string& folder, const mail::MaildropFile& file, Draft& draft);

}  // namespace godwit::tools
