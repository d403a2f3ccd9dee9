// SPDX-License-Identifier: Apache-2.0
// The keys of who mail is from.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {

using namespace std::chrono_literals;
using mailauth::SigningKey;

namespace {

Fields<SigningKey> signing_key_fields() {
  return {
      make_field<SigningKey>(
          "domain", [](auto& k) -> auto& { return k.domain; }, domain_name(),
          "Whose mail it signs: where the domain in From is this one, or below it and without a key of its own",
          Reload::yes, Need::required),
      make_field<SigningKey>(
          "selector", [](auto& k) -> auto& { return k.selector; }, domain_name(),
          "Under which its record is in DNS: `<selector>._domainkey.<domain>`", Reload::yes, Need::required),
      make_field<SigningKey>(
          "private_key", [](auto& k) -> auto& { return k.private_key; }, absolute_path(),
          "PEM file, RSA or Ed25519, not readable by everybody; `godwitctl dkim generate` makes one", Reload::yes,
          Need::required),
      make_field<SigningKey>(
          "accounts", [](auto& k) -> auto& { return k.accounts; }, list_of(text(), Single::accept),
          "Only their mail, instead of the keys for all; empty: everybody's"),
  };
}

}  // namespace

Fields<Document> mailauth_part() {
  return {
      field(
          "verification.enabled", [](auto& d) -> auto& { return d.settings.mailauth.verify; }, boolean(),
          "Check SPF, DKIM and DMARC of mail that strangers send to service mx, and say in its header "
          "(Authentication-Results) what came of it; `trusted_networks` and users are exempt"),
      field(
          "verification.name", [](auto& d) -> auto& { return d.settings.mailauth.service; },
          or_empty(domain_name(), "`hostname`"),
          "Our name in Authentication-Results; fields of that name that come from outside are taken out"),
      field(
          "verification.spf_fail", [](auto& d) -> auto& { return d.settings.mailauth.reject_spf_fail; },
          word<bool>({{"accept", false}, {"reject", true}}),
          "Mail from hosts that the sender's domain does not let send (`-all`); `reject`: `550 5.7.23` to RCPT, which "
          "also meets mail that others forward to us"),
      field(
          "verification.dmarc", [](auto& d) -> auto& { return d.settings.mailauth.apply_dmarc; },
          word<bool>({{"report", false}, {"apply", true}}),
          "What the domain in From asks to be done with mail that is not from it; `apply`: rejected with `550 5.7.26`, "
          "or held in the queue where it asks for quarantine"),
      field(
          "verification.timeout", [](auto& d) -> auto& { return d.settings.mailauth.timeout; }, duration(1s, 5min),
          "For the look-ups of one message, before DATA, again behind it, and again for the policy of its author; what "
          "is "
          "not found out by then counts as a temporary failure, and the message is taken"),
      field(
          "verification.organizational_domain", [](auto& d) -> auto& { return d.settings.mailauth.public_suffix_list; },
          word<bool>({{"tree_walk", false}, {"public_suffix_list", true}}),
          "How DMARC finds out what belongs to one organisation: by its records in DNS (RFC 9989), or by the public "
          "suffix list of this machine (RFC 7489)"),
      field(
          "verification.received_spf", [](auto& d) -> auto& { return d.settings.mailauth.received_spf; }, boolean(),
          "Say what came of SPF also in a field Received-SPF (RFC 7208 section 9.1), for programs that read no "
          "Authentication-Results"),
      field(
          "arc.seal_as", [](auto& d) -> auto& { return d.settings.mailauth.seal_as; },
          or_empty(domain_name(), "nothing is sealed"),
          "Domain whose RSA key of `dkim.keys` seals what strangers sent, we verified, and goes on to other hosts "
          "(ARC), "
          "so that they can know that it was in order when it came"),
      field(
          "arc.trusted_sealers", [](auto& d) -> auto& { return d.settings.mailauth.trusted_sealers; },
          list_of(domain_name(), Single::accept),
          "Domains of forwarders (mailing lists, other mail hosts) whose seals are believed: what had passed DMARC "
          "there "
          "is not rejected or held because it does not pass here"),
      field(
          "dkim.keys", [](auto& d) -> auto& { return d.settings.mailauth.keys; }, records(signing_key_fields()),
          "Sign mail of users, of programs of this host and of `trusted_networks`, and reports of this host; several "
          "keys "
          "of one domain all sign. "
          "Users get the signature of a domain only for mail that they send from there"),
      field(
          "dmarc_reports.enabled", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.enabled; },
          boolean(),
          "Tell domains that ask for it, once a day, what mail came in their name and what DMARC said of it (RFC "
          "9990). "
          "Needs a key of `dkim.keys` for the domain of `from`: what is not signed is not believed"),
      field(
          "dmarc_reports.contact", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.contact; },
          or_empty(mail_address(), "the `postmaster`; without one nothing is reported"),
          "Who answers questions about a report"),
      field(
          "dmarc_reports.from", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.from; },
          or_empty(mail_address(), "the contact"), "In the From field of reports"),
      field(
          "dmarc_reports.sender", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.sender; },
          or_empty(mail_address(), "the null sender, to which nothing comes back"),
          "The envelope's sender of reports, who gets back those that cannot be delivered"),
      field(
          "dmarc_reports.organization", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.organization; },
          or_empty(text(), "the `hostname`"), "Who reports"),
      field(
          "dmarc_reports.destinations", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.destinations; },
          number<std::size_t>(1, 8), "Most addresses of one domain that get its report"),
      field(
          "dmarc_reports.addresses", [](auto& d) -> auto& { return d.settings.dispatch.dmarc_reports.addresses; },
          list_of(mail_address(), Single::accept),
          "Addresses here to which others send their reports (`rua` of our own records): these are read beside their "
          "delivery and summed up, for `godwitctl dmarc summary`"),
  };
}

}  // namespace godwit::config
