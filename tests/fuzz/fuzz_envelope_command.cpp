// SPDX-License-Identifier: Apache-2.0
// What the arguments of MAIL and RCPT are read as is written so that it reads as the same, on one line.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "smtp/command.hpp"

namespace godwit::fuzz {
namespace {

using namespace smtp;
constexpr MailOffers all_offers{.future_release = true, .priority = true, .require_tls = true};

void read_mail(std::string_view argument) {
  const auto mail = parse_mail(argument, all_offers, BareLocal::allow);
  if (!mail) return;
  const auto& [sender, said] = *mail;
  auto text = "FROM:<" + to_string(sender) + ">" + (said.smtputf8 ? " SMTPUTF8" : "");
  if (!said.envid.empty()) text += " ENVID=" + envid_text(said.envid);
  if (said.ret != 0) text += " RET=" + return_text(said.ret);
  if (said.deliver_by) text += " BY=" + deliver_by_text(*said.deliver_by);
  if (said.priority != 0) text += " MT-PRIORITY=" + std::to_string(said.priority);
  require(is_one_line(text) && is_one_line(said.auth) && (said.smtputf8 || base::is_ascii(text)));
  const auto again = parse_mail(text, all_offers, BareLocal::allow);
  require(again && again->sender == sender && again->parameters.envid == said.envid);
  require(again->parameters.ret == said.ret && again->parameters.deliver_by == said.deliver_by &&
          again->parameters.priority == said.priority);
}

void read_rcpt(std::string_view argument, Utf8 utf8) {
  auto rcpt = parse_rcpt(argument, utf8, BareLocal::allow);
  if (!rcpt) return;
  auto& [recipient, said] = *rcpt;
  const auto orcpt = orcpt_text(said.orcpt);
  if (orcpt.empty()) said.orcpt.clear();  // too long for the next host
  auto text = "TO:<" + to_string(recipient) + ">" + (orcpt.empty() ? "" : " ORCPT=" + orcpt);
  if (said.notify != 0) text += " NOTIFY=" + notify_text(said.notify);
  require(is_one_line(text) && (utf8 == Utf8::allow || base::is_ascii(to_string(recipient))));
  const auto again = parse_rcpt(text, Utf8::allow, BareLocal::allow);
  require(again && again->recipient == recipient && again->parameters == said);
}

}  // namespace

void fuzz_envelope_command(std::string_view input) {
  if (!is_one_line(input)) return;  // no such line is given out (fuzz_command_line)
  read_mail(input);
  for (const auto utf8 : {Utf8::refuse, Utf8::allow}) read_rcpt(input, utf8);
}

}  // namespace godwit::fuzz
