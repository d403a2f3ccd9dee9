// SPDX-License-Identifier: Apache-2.0
// Hands the messages of an export to a daemon that runs, over its control socket, one after the other.  A message is
// renamed in the export once the daemon has answered that it is durable; one whose answer was lost is handed over
// again, and the daemon, unless it was restarted meanwhile, knows it.
#pragma once

#include <string>

#include "importer.hpp"

namespace godwit::tools {

// Ends at the first message that a full spool or a daemon that is gone leaves out: the others would fare no better.
base::Result<Imported> import_into_daemon(const std::string& socket, const std::string& folder,
                                          const ImportNotice& notice);

}  // namespace godwit::tools
