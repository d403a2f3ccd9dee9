// SPDX-License-Identifier: Apache-2.0
#include "sendmail.hpp"

#include <ostream>

#include <sysexits.h>

#include "address_check.hpp"
#include "mail_queue.hpp"
#include "sendmail_arguments.hpp"
#include "smtp_proxy.hpp"
#include "submission.hpp"

namespace godwit::tools {
namespace {

int speak_smtp(const SendmailHost& host, const Console& console) {
  auto daemon = UnixSocket::connect(host.submit_socket);
  if (!daemon) {
    // Who speaks SMTP is told in SMTP.
    console.out << "421 4.3.2 Mail service is not available, try again later\r\n" << std::flush;
    console.err << "sendmail: godwitd does not answer: " << daemon.error().message << "\n";
    return EX_TEMPFAIL;
  }
  if (const auto passed = pass_on(host.input, host.output, *daemon); !passed) {
    console.err << "sendmail: " << passed.error().message << "\n";
    return EX_IOERR;
  }
  return EX_OK;
}

}  // namespace

int sendmail(const std::string& program, const std::vector<std::string>& words, const SendmailHost& host,
             const Console& console) {
  using Mode = SendmailArguments::Mode;
  const auto arguments = read_sendmail_arguments(program, words);
  if (!arguments) {
    console.err << "sendmail: " << arguments.error().message << "\n";
    return arguments.error().kind == base::ErrorKind::unsupported ? EX_UNAVAILABLE : EX_USAGE;
  }
  switch (arguments->mode) {
    case Mode::deliver:
      return submit_message(*arguments, host, console);
    case Mode::smtp:
      return speak_smtp(host, console);
    case Mode::check_addresses:
      return check_addresses(*arguments, host, console);
    case Mode::list_queue:
      return list_queue(host.control_socket, console);
    case Mode::flush_queue:
      return flush_queue(host.control_socket, *arguments, console);
    case Mode::rebuild_aliases:
      console.out << "newaliases: nothing to do: aliases stand in godwit.yaml, and count after godwitctl reload\n";
      return EX_OK;
    case Mode::help:
      console.out << sendmail_help;
      return EX_OK;
    case Mode::version:
      console.out << "sendmail (godwit) " GODWIT_VERSION "\n";
      return EX_OK;
  }
  return EX_SOFTWARE;
}

}  // namespace godwit::tools
