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
          "For the look-ups of one message, before DATA and again behind it; what is not found out by then counts as a "
          "temporary failure, and the message is taken"),
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
  };
}

}  // namespace godwit::config
