// SPDX-License-Identifier: Apache-2.0
// sendmail(8) as cron, PHP and mail programs call it: reads the whole message, hands it to the daemon as the calling
// user, and leaves it in the maildrop when the daemon cannot take it now.  Also mailq and newaliases.
#pragma once

#include <string>
#include <vector>

#include "console.hpp"

namespace godwit::tools {

// Where it runs, and for whom.
struct SendmailHost {
  std::string submit_socket = "/run/godwit/submit.sock";
  std::string control_socket = "/run/godwit/control.sock";
  std::string maildrop = "/var/spool/godwit-maildrop";
  std::string user{};       // the caller's name
  std::string full_name{};  // likewise; may be empty
  int input = 0;
  int output = 1;  // of -bs
};
SendmailHost this_host();  // from the environment and the system

// A status of sysexits(3).  words: without the program's name.
int sendmail(const std::string& program, const std::vector<std::string>& words, const SendmailHost& host,
             const Console& console);

}  // namespace godwit::tools
