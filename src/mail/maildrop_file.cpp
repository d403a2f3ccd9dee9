// SPDX-License-Identifier: Apache-2.0
//   godwit-maildrop 1
//   from <root>
//   body 8bitmime            (also: ret FULL, envid XTEXT; each may be missing)
//   to <alice@example.com> notify=SUCCESS,FAILURE
//
//   the message
#include "godwit/mail/maildrop_file.hpp"

#include <optional>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::string_view kind = "godwit-maildrop ";
constexpr std::string_view version = "1";
constexpr std::string_view notify_key = "notify=";
constexpr std::string_view orcpt_key = "orcpt=";

std::unexpected<base::Error> wrong(std::string what) {
  return base::fail(base::ErrorKind::invalid, std::move(what));
}

// The next line of `text` without its end; empty: there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return {};
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

base::Result<smtp::ReversePath> read_sender(std::string_view value) {
  auto path = smtp::parse_path(value, smtp::Utf8::allow, smtp::BareLocal::allow);
  if (!path) return std::unexpected(std::move(path.error()));
  if (!path->rest.empty()) return wrong("something stands behind the sender");
  return std::move(path->path);
}

base::Result<MaildropRecipient> read_recipient(std::string_view value) {
  auto path = smtp::parse_path(value, smtp::Utf8::allow, smtp::BareLocal::allow);
  if (!path) return std::unexpected(std::move(path.error()));
  if (!path->path) return wrong("a recipient without an address");
  MaildropRecipient recipient{.address = std::move(*path->path)};
  for (const auto word : base::split(base::trim(path->rest), ' ')) {
    if (word.empty()) continue;
    if (word.starts_with(notify_key)) {
      const auto notify = smtp::read_notify(word.substr(notify_key.size()));
      if (!notify) return wrong("notify is none");
      recipient.parameters.notify = *notify;
    } else if (word.starts_with(orcpt_key)) {
      auto orcpt = smtp::read_orcpt(word.substr(orcpt_key.size()));
      if (!orcpt) return wrong("orcpt is none");
      recipient.parameters.orcpt = *std::move(orcpt);
    } else {
      return wrong("an unknown word behind a recipient");
    }
  }
  return recipient;
}

base::Result<> read_line(std::string_view line, MaildropFile& file, bool& has_sender) {
  const auto key = line.substr(0, line.find(' '));
  const auto value = line.substr(std::min(line.size(), key.size() + 1));
  if (key == "from") {
    auto sender = read_sender(value);
    if (!sender) return std::unexpected(std::move(sender.error()));
    file.sender = *std::move(sender);
    has_sender = true;
  } else if (key == "to") {
    if (file.recipients.size() == MaildropFile::max_recipients) return wrong("too many recipients");
    auto recipient = read_recipient(value);
    if (!recipient) return std::unexpected(std::move(recipient.error()));
    file.recipients.push_back(*std::move(recipient));
  } else if (key == "body" && value == "8bitmime") {
    file.body = smtp::BodyType::eight_bit_mime;
  } else if (const auto ret = key == "ret" ? smtp::read_return(value) : std::nullopt) {
    file.ret = *ret;
  } else if (auto envid = key == "envid" ? smtp::read_envid(value) : std::nullopt) {
    file.envid = *std::move(envid);
  } else {
    return wrong("an unknown line: " + base::printable(line, 80));
  }
  return {};
}

std::string recipient_line(const MaildropRecipient& recipient) {
  std::string line = fmt::format("to <{}>", to_string(recipient.address));
  const auto& [notify, orcpt] = recipient.parameters;
  if (notify != 0) line += fmt::format(" {}{}", notify_key, smtp::notify_text(notify));
  if (const auto text = smtp::orcpt_text(orcpt); !text.empty()) line += fmt::format(" {}{}", orcpt_key, text);
  return line + "\n";
}

}  // namespace

std::string encode(const MaildropFile& file) {
  std::string text = fmt::format("{}{}\nfrom <{}>\n", kind, version, to_string(file.sender));
  if (file.body == smtp::BodyType::eight_bit_mime) text += "body 8bitmime\n";
  if (file.ret != 0) text += fmt::format("ret {}\n", smtp::return_text(file.ret));
  if (!file.envid.empty()) text += fmt::format("envid {}\n", smtp::envid_text(file.envid));
  for (const auto& recipient : file.recipients) text += recipient_line(recipient);
  return text + "\n";
}

base::Result<DecodedMaildrop> decode_maildrop(std::string_view text) {
  const auto whole = text.size();
  const auto first = take_line(text);
  if (!first || !first->starts_with(kind)) return wrong("it is no file of sendmail's");
  if (first->substr(kind.size()) != version)
    return base::fail(base::ErrorKind::unsupported, "it is of another version of sendmail");
  DecodedMaildrop result;
  bool has_sender = false;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return wrong("its envelope has no end");
    if (line->empty()) break;
    if (auto read = read_line(*line, result.file, has_sender); !read) return std::unexpected(std::move(read.error()));
  }
  if (!has_sender) return wrong("it has no sender");
  if (result.file.recipients.empty()) return wrong("it has no recipient");
  result.head = whole - text.size();
  return result;
}

}  // namespace godwit::mail
