// SPDX-License-Identifier: Apache-2.0
// The keys of what is changed of messages by rule: addresses, fields of the header, who gets a copy.
#include <algorithm>

#include "names.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

constexpr std::size_t longest_value = 900;  // leaves room in a line of 998

Type<std::vector<policy::MailOrigin>> mail_origins() {
  using policy::MailOrigin;
  return list_of(
      word<MailOrigin>(
          {{"submitted", MailOrigin::submitted}, {"trusted", MailOrigin::trusted}, {"others", MailOrigin::others}}),
      Single::accept);
}

base::Result<std::string> parse_field_name(const std::string& text) {
  const auto is_right = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
  if (text.empty() || text.size() > 100 || !std::ranges::all_of(text, is_right))
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is no name of a header field", base::printable(text)));
  return text;
}

base::Result<std::string> parse_field_value(const std::string& text) {
  const auto is_right = [](char c) { return c >= ' ' && c < 0x7F; };
  if (base::trim(text).empty() || text.size() > longest_value || !std::ranges::all_of(text, is_right))
    return base::fail(
        base::ErrorKind::invalid,
        fmt::format("\"{}\" cannot stand in a header: printable US-ASCII on one line", base::printable(text)));
  return text;
}

Fields<policy::HeaderRuleSettings> header_rule_fields() {
  using Rule = policy::HeaderRuleSettings;
  using Action = mail::HeaderRule::Action;
  return {
      make_field<Rule>(
          "field", [](auto& r) -> auto& { return r.rule.field; },
          scalar<std::string>("name of a field", parse_field_name, show_text), "Which fields of the header",
          Reload::yes, Need::required),
      make_field<Rule>(
          "action", [](auto& r) -> auto& { return r.rule.action; },
          word<Action>({{"remove", Action::remove}, {"replace", Action::replace}, {"add", Action::add}}),
          "`replace`: those that are there get `value`; `add`: one more, below all"),
      make_field<Rule>(
          "value", [](auto& r) -> auto& { return r.rule.value; },
          scalar<std::string>("text", parse_field_value, show_text), "What stands in it then"),
      make_field<Rule>(
          "matching", [](auto& r) -> auto& { return r.rule.matching; }, text(),
          "`remove` and `replace`: only fields with such content; `*` stands for anything"),
      make_field<Rule>(
          "mail", [](auto& r) -> auto& { return r.mail; }, mail_origins(), "Of which mail, as in `rewriting.mail`"),
  };
}

Fields<policy::CopySettings> copy_fields() {
  using Copy = policy::CopySettings;
  const auto pattern = scalar<std::string>("address or @domain", parse_address_pattern, show_text);
  return {
      make_field<Copy>(
          "to", [](auto& c) -> auto& { return c.to; }, mail_address(), "Who gets it; may be an alias", Reload::yes,
          Need::required),
      make_field<Copy>(
          "senders", [](auto& c) -> auto& { return c.senders; }, list_of(pattern, Single::accept),
          "Only of mail from these, as in MAIL or as it is rewritten; empty: from all"),
      make_field<Copy>(
          "recipients", [](auto& c) -> auto& { return c.recipients; }, list_of(pattern, Single::accept),
          "Only of mail to one of these, as in RCPT or after aliases; empty: to all"),
      make_field<Copy>(
          "mail", [](auto& c) -> auto& { return c.mail; }, mail_origins(), "Of which mail, as in `rewriting.mail`"),
  };
}

}  // namespace

Fields<Document> rewriting_part() {
  return {
      field(
          "rewriting.senders", [](auto& d) -> auto& { return d.settings.route.canonical.senders; }, address_map(),
          "Address → the address by which it is known outside, of senders: in MAIL, From, Sender, Reply-To, "
          "Resent-From, "
          "Resent-Sender. `@domain` is for all of a domain's addresses without an own one, and as a value for the same "
          "local part there; a +detail stays. A table that cannot be asked: `451 4.3.0`"),
      field(
          "rewriting.recipients", [](auto& d) -> auto& { return d.settings.route.canonical.recipients; }, address_map(),
          "The same of recipients, before aliases: in RCPT, To, Cc, Resent-To, Resent-Cc"),
      field(
          "rewriting.addresses", [](auto& d) -> auto& { return d.settings.route.canonical.addresses; }, address_map(),
          "The same of both, after these"),
      field(
          "rewriting.masquerade", [](auto& d) -> auto& { return d.settings.route.canonical.masquerade; },
          list_of(domain_name(), Single::accept),
          "Domains that stand for all hosts and domains below them: `alice@pc7.example.com` becomes "
          "`alice@example.com`; after the maps"),
      field(
          "rewriting.masquerade_except", [](auto& d) -> auto& { return d.settings.route.canonical.masquerade_except; },
          list_of(text(), Single::accept), "Local parts of which that is not true"),
      field(
          "rewriting.mail", [](auto& d) -> auto& { return d.settings.policy.rewriting.mail; }, mail_origins(),
          "Of which mail addresses are rewritten. `submitted`: by accounts and programs of this host; `trusted`: from "
          "trusted_networks; `others`: what strangers send (its signatures break)"),
      field(
          "rewriting.envelope", [](auto& d) -> auto& { return d.settings.policy.rewriting.envelope; }, boolean(),
          "Whether they are in MAIL and RCPT"),
      field(
          "rewriting.header", [](auto& d) -> auto& { return d.settings.policy.rewriting.header; }, boolean(),
          "Whether they are in the header; only the addresses themselves change, before the message is signed"),
      field(
          "header_rules", [](auto& d) -> auto& { return d.settings.policy.header_rules; },
          records(header_rule_fields()),
          "What is taken out of headers, put in or replaced, in this order, before a message is signed"),
      field(
          "copies", [](auto& d) -> auto& { return d.settings.policy.copies; }, records(copy_fields()),
          "Who gets a copy of mail, unseen: every rule that fits counts. The sender hears nothing of it; without its "
          "copies a message is not taken (`451 4.3.0`)"),
  };
}

}  // namespace godwit::config
