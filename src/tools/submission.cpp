// SPDX-License-Identifier: Apache-2.0
#include "submission.hpp"

#include <sysexits.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <ostream>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "godwit/mail/display_name.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/header_recipients.hpp"
#include "maildrop_writer.hpp"
#include "refusals.hpp"
#include "submitter.hpp"

namespace godwit::tools {
namespace {

using Verdict = smtp::RecipientResult::Verdict;

// Why it ends here, and with which status.
struct Failure {
  int status;
  std::string what;
};

bool is_resent(const mail::Header& header) {
  return std::ranges::any_of(header.fields(),
                             [](const auto& field) { return base::istarts_with(field.name, "resent-"); });
}

class MessageSubmission {
 public:
  MessageSubmission(const SendmailArguments& arguments, const SendmailHost& host, const Console& console)
      : arguments_(arguments), host_(host), console_(console) {}

  int run() {
    if (const auto failure = prepare()) return fail(*failure);
    complete_header();
    results_ = submit(host_.submit_socket, transaction_, *draft_);
    if (const auto failure = use_maildrop()) return fail(*failure);
    return report();
  }

 private:
  using Errors = SendmailArguments::Errors;

  int fail(const Failure& failure) const {
    if (arguments_.errors != Errors::quiet) console_.err << "sendmail: " << failure.what << "\n";
    return failure.status;
  }

  bool mails_errors() const { return arguments_.errors == Errors::mail || arguments_.errors == Errors::mail_quiet; }

  std::optional<Failure> prepare() {
    if (auto failure = read_sender()) return failure;
    if (auto failure = read_recipients()) return failure;
    if (transaction_.recipients.empty() && !arguments_.recipients_in_header)
      return Failure{EX_USAGE, "no recipients: name them, or let -t take those of the header"};
    const auto input = [this](std::span<char> into) { return read_descriptor(host_.input, into); };
    auto read = read_draft(input, arguments_.dot_ends ? DotLine::ends : DotLine::is_text);
    if (!read) return Failure{EX_IOERR, read.error().message + "; nothing was sent"};
    draft_.emplace(std::move(*read));
    if (arguments_.recipients_in_header)
      if (auto failure = read_header_recipients()) return failure;
    const bool is_8bit = draft_->has_high_bytes || arguments_.body == smtp::BodyType::eight_bit_mime;
    transaction_.body = is_8bit ? smtp::BodyType::eight_bit_mime : smtp::BodyType::seven_bit;
    transaction_.ret = arguments_.ret;
    transaction_.envid = arguments_.envid;
    return {};
  }

  std::optional<Failure> read_sender() {
    const auto& given = arguments_.sender;
    if (!given) {
      transaction_.sender = smtp::Mailbox{.local = host_.user, .domain = {}};
    } else if (!given->empty() && *given != "<>") {
      const auto list = mail::parse_address_list(*given);
      if (!list || list->size() != 1) return Failure{EX_USAGE, "\"" + base::printable(*given) + "\" is no sender"};
      transaction_.sender = list->front().mailbox;
    }
    return {};
  }

  void add(const smtp::Mailbox& address) {
    transaction_.recipients.push_back({.address = address, .parameters = {.notify = arguments_.notify, .orcpt = {}}});
  }

  std::optional<Failure> read_recipients() {
    for (const std::string& word : arguments_.recipients) {
      const auto list = mail::parse_address_list(word);
      if (!list) return Failure{EX_USAGE, list.error().message};
      for (const auto& listed : *list) add(listed.mailbox);
    }
    return {};
  }

  std::optional<Failure> read_header_recipients() {
    const auto found = mail::header_recipients(draft_->beginning());
    if (!found) return Failure{EX_DATAERR, found.error().message + "; nothing was sent"};
    for (const auto& address : *found) add(address);
    if (transaction_.recipients.empty()) return Failure{EX_DATAERR, "the header names no recipients"};
    return {};
  }

  // Only here the caller's name is known; all else is the daemon's to mend.
  void complete_header() {
    const mail::Header header(draft_->beginning());
    if (!is_resent(header) && !header.find("From")) {
      const smtp::Mailbox user{.local = host_.user, .domain = {}};
      const std::string& name =
          arguments_.full_name.empty() && !arguments_.sender ? host_.full_name : arguments_.full_name;
      std::string added = "From: " + mail::named_address(name, transaction_.sender.value_or(user)) + "\r\n";
      // A message without a header begins with its body, which may look like the rest of a field.
      if (header.fields().empty() && !draft_->beginning().starts_with("\r\n")) added += "\r\n";
      draft_->prepend(added);
    }
    transaction_.size = draft_->size();
  }

  // The daemon would say when it took the message, which may be much later.
  void date() {
    const mail::Header header(draft_->beginning());
    const auto now = base::SystemClock().wall();
    if (!is_resent(header) && !header.find("Date")) draft_->prepend("Date: " + base::format_rfc5322(now) + "\r\n");
  }

  // What the daemon cannot take now waits there; what it refused goes there to be returned, where that is asked.
  std::optional<Failure> use_maildrop() {
    std::vector<std::size_t> waiting;
    std::string why;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      const auto& result = results_[i];
      const bool refused = result.verdict == Verdict::failed;
      if (result.verdict == Verdict::delivered || (refused && (!mails_errors() || is_of_sender(result)))) continue;
      waiting.push_back(i);
      if (!refused && why.empty()) why = words_of(result);
    }
    if (!waiting.empty()) date();
    for (std::size_t at = 0; at < waiting.size(); at += mail::MaildropFile::max_recipients) {
      const auto part =
          std::span(waiting).subspan(at).first(std::min(mail::MaildropFile::max_recipients, waiting.size() - at));
      if (const auto written = write_to_maildrop(host_.maildrop, maildrop_file(part), *draft_); !written)
        return not_kept(why, written.error());
      for (const auto i : part) in_maildrop_[i] = true;
    }
    return {};
  }

  mail::MaildropFile maildrop_file(std::span<const std::size_t> recipients) {
    in_maildrop_.resize(results_.size());
    mail::MaildropFile file{.sender = transaction_.sender,
                            .body = transaction_.body,
                            .ret = transaction_.ret,
                            .envid = transaction_.envid,
                            .recipients = {}};
    for (const auto i : recipients)
      file.recipients.push_back(
          {.address = transaction_.recipients[i].address, .parameters = transaction_.recipients[i].parameters});
    return file;
  }

  static Failure not_kept(const std::string& why, const base::Error& error) {
    const bool is_set_up = error.os_error != ENOENT && error.os_error != ENOTDIR;
    const auto what = (why.empty() ? "" : "godwitd does not take the message now (" + why + "), and ") +
                      "the maildrop does not take it: " + error.message;
    return {is_set_up ? EX_TEMPFAIL : EX_CONFIG, what};
  }

  int report() {
    in_maildrop_.resize(results_.size());
    int status = EX_OK;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      const auto& result = results_[i];
      if (result.verdict != Verdict::failed) continue;
      if (status == EX_OK) status = status_of(result);
      if (in_maildrop_[i] || arguments_.errors == Errors::quiet) continue;
      if (is_of_sender(result)) {
        console_.err << "sendmail: " << words_of(result) << "\n";
        break;
      }
      console_.err << "sendmail: <" << base::printable(to_string(transaction_.recipients[i].address))
                   << ">: " << words_of(result) << "\n";
    }
    const bool all_mailed = std::ranges::none_of(results_, is_of_sender);
    return arguments_.errors == Errors::mail_quiet && all_mailed ? EX_OK : status;
  }

  const SendmailArguments& arguments_;
  const SendmailHost& host_;
  const Console& console_;
  smtp::ClientTransaction transaction_;
  std::optional<Draft> draft_;
  std::vector<smtp::RecipientResult> results_;
  std::vector<bool> in_maildrop_;
};

}  // namespace

int submit_message(const SendmailArguments& arguments, const SendmailHost& host, const Console& console) {
  return MessageSubmission(arguments, host, console).run();
}

}  // namespace godwit::tools
