// SPDX-License-Identifier: Apache-2.0
// The command line of sendmail as programs have used it for decades: options of one letter, some with a value, in
// clusters.  What is known and harmless is taken without effect, what is unknown as well; what asks for something that
// is not done here is refused with words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::tools {

struct SendmailArguments {
  enum class Mode {
    deliver,
    smtp,
    check_addresses,
    list_queue,
    flush_queue,
    rebuild_aliases,
    help,
    version
  } mode = Mode::deliver;
  // -oe: what is done about recipients who are refused.
  enum class Errors {
    print,       // p, and w: on standard error
    mail,        // m: back to the sender
    mail_quiet,  // e: likewise, and the exit status is 0
    quiet,       // q: only the exit status tells
  } errors = Errors::print;

  std::vector<std::string> recipients{};
  bool recipients_in_header = false;                          // -t
  bool dot_ends = true;                                       // not -i
  std::optional<std::string> sender{};                        // -f, -r
  std::string full_name{};                                    // -F
  std::optional<smtp::BodyType> body{};                       // -B
  std::uint8_t notify = 0;                                    // -N
  std::uint8_t ret = 0;                                       // -R
  std::string envid{};                                        // -V
  std::string queue_id{}, queue_recipient{}, queue_sender{};  // -qI, -qR, -qS
};

// `program`: by which name it was called; mailq and newaliases stand for a mode.  Errors: invalid, unsupported.
base::Result<SendmailArguments> read_sendmail_arguments(const std::string& program,
                                                        const std::vector<std::string>& words);

extern const char* const sendmail_help;

}  // namespace godwit::tools
