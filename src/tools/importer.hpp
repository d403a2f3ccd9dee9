// SPDX-License-Identifier: Apache-2.0
// Puts the messages of an export into a spool that it opens itself, so no daemon may run on it.  A message is renamed
// in the export once it is durable in the spool: a crash between the two imports it again, never not at all.
#pragma once

#include <functional>
#include <string>

#include "export_folder.hpp"
#include "godwit/spool/settings.hpp"

namespace godwit::tools {

struct Imported {
  std::size_t messages = 0;
  std::size_t failed = 0;
};
// What is said of each message: its id in the export, its id in the spool or why it was not taken.
using ImportNotice = std::function<void(base::MessageId from, const base::Result<base::MessageId>& result)>;

// Errors: refused (a daemon uses the spool), and as the disk gives them.
base::Result<Imported> import_messages(const spool::Settings& settings, const std::string& folder,
                                       const ImportNotice& notice);

}  // namespace godwit::tools
