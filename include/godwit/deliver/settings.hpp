// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/route/settings.hpp"

namespace godwit::deliver {

using route::SourceAddress;

// Whether a message may be changed for a host that takes less than it has (mail/recoder, mail/header_downgrade).
enum class Conversion { always, unless_signed, never };

enum class OverQuota { defer, bounce };
enum class DetailFolders { never, existing, create };

struct MaildirSettings {
  std::string group;               // of folders and files; empty: the service's own
  unsigned directory_mode = 0700;  // 2770 with a group lets an IMAP server's user in
  unsigned file_mode = 0600;
  std::size_t threads = 4;
  // Of one mailbox (Maildir++); 0: what its file maildirsize says, if there is one.
  std::uint64_t quota = 0;           // bytes
  std::uint64_t quota_messages = 0;  // 0: any number
  OverQuota over_quota = OverQuota::defer;
  DetailFolders detail_folders = DetailFolders::never;  // "alice+lists" into folder .lists
};

struct Settings {
  std::string hostname;
  std::vector<SourceAddress> source_addresses;  // empty: the system's choice
  std::size_t messages_per_connection = 100;
  base::Duration connect_timeout = std::chrono::seconds(30);
  base::Duration greeting_timeout = std::chrono::minutes(5);
  base::Duration command_timeout = std::chrono::minutes(5);
  base::Duration data_timeout = std::chrono::minutes(10);
  std::uint64_t min_data_rate = 500;  // bytes a second that a peer must take of a body; 0: no bound
  bool chunking = true;               // BDAT where the peer offers it
  Conversion conversion = Conversion::always;
  std::size_t hosts = 10;                                      // tried in one attempt
  std::size_t addresses = 12;                                  // the same, of all hosts
  base::Duration head_start = std::chrono::milliseconds(250);  // of an address over the next one; 0: until it fails
  MaildirSettings maildir;
  std::map<std::string, std::string>
      passwords;  // by route::RouteSettings::password_file; read by daemon/ at start and reload
};

}  // namespace godwit::deliver
