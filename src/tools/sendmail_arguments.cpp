// SPDX-License-Identifier: Apache-2.0
#include "sendmail_arguments.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/smtp/dsn_parameters.hpp"

namespace godwit::tools {
namespace {

// With a value, attached or the next word.
constexpr std::string_view with_value = "ABCDFLMNOpRVXbefhor";
// With a value only where it is attached.
constexpr std::string_view with_attached = "dq";

std::unexpected<base::Error> wrong(std::string what) {
  return base::fail(base::ErrorKind::invalid, std::move(what));
}
std::unexpected<base::Error> unsupported(std::string what) {
  return base::fail(base::ErrorKind::unsupported, std::move(what));
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  base::Result<SendmailArguments> run(SendmailArguments::Mode mode) {
    result_.mode = mode;
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word == "--") {
        ++at_;
        break;
      }
      if (word == "--help" || word == "--version") {
        result_.mode = word == "--help" ? SendmailArguments::Mode::help : SendmailArguments::Mode::version;
        return std::move(result_);
      }
      if (word.size() < 2 || word[0] != '-') break;
      if (auto read = cluster(std::string_view(word).substr(1)); !read) return std::unexpected(std::move(read.error()));
    }
    result_.recipients.assign(words_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, words_.size())), words_.end());
    return std::move(result_);
  }

 private:
  base::Result<> cluster(std::string_view letters) {
    while (!letters.empty()) {
      const char letter = letters.front();
      letters.remove_prefix(1);
      std::string value;
      if (with_value.contains(letter)) {
        if (!letters.empty())
          value = letters;
        else if (at_ + 1 < words_.size())
          value = words_[++at_];
        else
          return wrong(fmt::format("option -{} needs a value", letter));
        letters = {};
      } else if (with_attached.contains(letter)) {
        value = std::exchange(letters, {});
      }
      if (auto read = option(letter, value); !read) return read;
    }
    return {};
  }

  base::Result<> option(char letter, const std::string& value) {
    switch (letter) {
      case 't':
        result_.recipients_in_header = true;
        return {};
      case 'i':
        result_.dot_ends = false;
        return {};
      case 'I':
        result_.mode = SendmailArguments::Mode::rebuild_aliases;
        return {};
      case 'f':
      case 'r':
        result_.sender = value;
        return {};
      case 'F':
        result_.full_name = value;
        return {};
      case 'o':
        return old_option(value);
      case 'e':
        return errors(value);
      case 'b':
        return mode(value);
      case 'q':
        return queue(value);
      case 'B':
        return body(value);
      case 'N':
        return notify(value);
      case 'R':
        return returned(value);
      case 'V':
        return envid(value);
      default:
        return {};
    }
  }

  base::Result<> old_option(std::string_view value) {
    if (value == "i") result_.dot_ends = false;
    if (value.starts_with('e')) return errors(value.substr(1));
    return {};
  }

  base::Result<> errors(std::string_view value) {
    using Errors = SendmailArguments::Errors;
    if (value == "p" || value == "w")
      result_.errors = Errors::print;
    else if (value == "m")
      result_.errors = Errors::mail;
    else if (value == "e")
      result_.errors = Errors::mail_quiet;
    else if (value == "q")
      result_.errors = Errors::quiet;
    else
      return wrong("the mode of errors is one of e m p q w");
    return {};
  }

  base::Result<> mode(const std::string& value) {
    using Mode = SendmailArguments::Mode;
    if (value == "m")
      result_.mode = Mode::deliver;
    else if (value == "s")
      result_.mode = Mode::smtp;
    else if (value == "p")
      result_.mode = Mode::list_queue;
    else if (value == "i")
      result_.mode = Mode::rebuild_aliases;
    else if (value == "d" || value == "D")
      return unsupported(fmt::format("-b{}: the daemon is godwitd; start that (systemctl start godwitd)", value));
    else if (value == "v")
      result_.mode = Mode::check_addresses;
    else if (value == "t")
      return unsupported("-bt: there are no rewriting rules to test; -bv tests addresses, godwitctl route their way");
    else
      return unsupported(fmt::format("-b{} is not known here", value));
    return {};
  }

  base::Result<> queue(const std::string& value) {
    result_.mode = SendmailArguments::Mode::flush_queue;
    const auto pattern = value.substr(std::min<std::size_t>(1, value.size()));
    if (value.empty() || value == "f") return {};
    if (!pattern.empty() && value[0] == 'I')
      result_.queue_id = pattern;
    else if (!pattern.empty() && value[0] == 'R')
      result_.queue_recipient = pattern;
    else if (!pattern.empty() && value[0] == 'S')
      result_.queue_sender = pattern;
    else if (base::parse_duration(value))
      return unsupported(
          fmt::format("-q{}: godwitd goes through its queue by itself; -q alone tries all of it now", value));
    else
      return unsupported(fmt::format("-q{} is not known here", value));
    return {};
  }

  base::Result<> body(std::string_view value) {
    if (base::iequals(value, "8BITMIME"))
      result_.body = smtp::BodyType::eight_bit_mime;
    else if (base::iequals(value, "7BIT"))
      result_.body = smtp::BodyType::seven_bit;
    else
      return wrong("-B: 7BIT or 8BITMIME");
    return {};
  }

  base::Result<> notify(std::string_view value) {
    const auto read = smtp::read_notify(base::to_upper(value));
    if (!read) return wrong("-N: never, or of success, failure, delay those wanted, with commas between them");
    result_.notify = *read;
    return {};
  }

  base::Result<> returned(std::string_view value) {
    const auto read = smtp::read_return(base::to_upper(value));
    if (!read) return wrong("-R: full or hdrs");
    result_.ret = *read;
    return {};
  }

  // As it is, or in xtext.
  base::Result<> envid(const std::string& value) {
    const auto read = smtp::read_envid(value).value_or(value);
    if (read.empty() || read.size() > smtp::longest_envid || smtp::read_envid(smtp::envid_text(read)) != read)
      return wrong("-V: up to 100 printable characters");
    result_.envid = read;
    return {};
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  SendmailArguments result_;
};

SendmailArguments::Mode mode_of(std::string_view program) {
  const auto name = program.substr(program.rfind('/') + 1);
  if (name == "mailq") return SendmailArguments::Mode::list_queue;
  if (name == "newaliases") return SendmailArguments::Mode::rebuild_aliases;
  return SendmailArguments::Mode::deliver;
}

}  // namespace

base::Result<SendmailArguments> read_sendmail_arguments(const std::string& program,
                                                        const std::vector<std::string>& words) {
  return Reader(words).run(mode_of(program));
}

const char* const sendmail_help =
    "sendmail [OPTIONS] [--] [RECIPIENT...] < MESSAGE\n"
    "Hands a message to godwitd, or leaves it in the maildrop while that is down.\n"
    "\n"
    "  -t            recipients are also those of To, Cc and Bcc; Bcc is taken out\n"
    "  -i, -oi       a line with a dot alone does not end the message\n"
    "  -f, -r ADDR   the sender; others than oneself only for submit.trusted_users\n"
    "  -F NAME       the name in a From field that is added\n"
    "  -N WORDS      reports wanted: never, or of success,failure,delay\n"
    "  -R full|hdrs  what of the message a report returns;  -V ID: the envelope's id in it\n"
    "  -B TYPE       7BIT or 8BITMIME\n"
    "  -oeX          refused recipients: p print (default), m mail back, e mail back and exit 0, q exit status only\n"
    "  -bs           SMTP on standard input and output\n"
    "  -bv           only say whether mail for the recipients would be taken\n"
    "  -bp           list the queue (mailq);  -q: try all of it now; -qI ID, -qR RECIPIENT, -qS SENDER\n"
    "  -bi, -I       (newaliases) nothing to do: aliases stand in godwit.yaml\n"
    "\n"
    "Other options of other sendmails have no effect. Exit status: sysexits(3).\n"
    "$GODWIT_SUBMIT_SOCKET, $GODWIT_SOCKET, $GODWIT_MAILDROP name other places than the usual ones.\n";

}  // namespace godwit::tools
