// SPDX-License-Identifier: Apache-2.0
// What a person reads of a report: plain words, each recipient, and who said what.
#include <algorithm>

#include <fmt/format.h>

#include "dsn_parts.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t text_width = 76;

// `text` in lines of at most text_width where its words allow, each after `indent`.
std::string wrapped(std::string_view text, std::string_view indent) {
  constexpr std::size_t longest_word = 900;
  std::string result;
  std::string line(indent);
  for (auto word : base::split(text, ' ')) {
    for (; !word.empty(); word.remove_prefix(std::min(word.size(), longest_word))) {
      const auto piece = word.substr(0, longest_word);
      if (line.size() > indent.size() && line.size() + 1 + piece.size() > text_width) {
        result += line + "\r\n";
        line = indent;
      }
      if (line.size() > indent.size()) line += ' ';
      line += piece;
    }
  }
  return result + line + "\r\n";
}

std::string reason(const DsnRequest& request, const DsnRecipient& failed) {
  const auto most_words = longest_diagnostic(request);
  std::string text;
  if (failed.reply.code != 0) {
    const auto words = safe_utf8(to_line(failed.reply), most_words);
    text = failed.remote ? fmt::format("The host {} said: {}", safe_text(failed.remote_host), words) : words;
  }
  if (!failed.why.empty()) text += (text.empty() ? "" : "; ") + safe_utf8(failed.why, most_words);
  return text.empty() ? "No reason was given." : text;
}

std::string success(const DsnRequest& request, const DsnRecipient& recipient) {
  switch (recipient.success) {
    case DsnSuccess::delivered:
      return "It was delivered.";
    case DsnSuccess::expanded:
      return "It was sent on to the addresses that this one stands for. You will hear of them only what goes wrong.";
    case DsnSuccess::relayed:
      break;
  }
  return "It was relayed to a host that does not report deliveries, so that no further report of success will come. " +
         reason(request, recipient);
}

std::string recipient_text(const DsnRequest& request, const DsnRecipient& failed) {
  const auto address = to_string(failed.recipient.address);
  std::string text = "<" + safe_utf8(address) + ">";
  if (!failed.recipient.original.empty() && !base::iequals(failed.recipient.original, address))
    text += " (sent to <" + safe_utf8(failed.recipient.original) + ">)";
  if (request.kind == DsnKind::success)
    return "  " + text + "\r\n" + wrapped(success(request, failed), "      ") + "\r\n";
  const auto meaning = explanation(failed.klass);
  return "  " + text + "\r\n" + (meaning.empty() ? "" : wrapped(meaning, "      ")) +
         wrapped(reason(request, failed), "      ") + "\r\n";
}

std::string introduction(const DsnRequest& request) {
  const bool one = request.recipients.size() == 1;
  if (request.kind == DsnKind::success)
    return fmt::format("You asked to be told when your message reaches {}:",
                       one ? "this recipient" : "these recipients");
  if (request.kind == DsnKind::failure)
    return fmt::format("Your message could not be delivered to {}, and will not be tried again:",
                       one ? "this recipient" : "these recipients");
  return fmt::format(
      "Your message has not been delivered yet to {}. This is only a warning: it will be tried again until {}. "
      "You need not send it again.",
      one ? "this recipient" : "these recipients", base::format_rfc5322(request.retry_until));
}

}  // namespace

std::string explanation_part(const DsnRequest& request) {
  const auto host = safe_text(request.hostname);
  std::string text = fmt::format("This is the mail system at {}.\r\n\r\n", host);
  text += wrapped(introduction(request), "") + "\r\n";
  if (request.of > 1)
    text +=
        wrapped(fmt::format("There are so many of them that this is report {} of {}; each recipient is in one of them.",
                            request.number, request.of),
                "") +
        "\r\n";
  for (const auto& failed : request.recipients) text += recipient_text(request, failed);
  text += wrapped(
      fmt::format("The postmaster of {} finds the message under the id {}.", host, to_string(request.original_id)), "");
  return part_header(base::is_ascii(text) ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8", text) + text;
}

}  // namespace godwit::mail
