// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/dns_records.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/checksum.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/dns/message.hpp"

namespace godwit::setup {
namespace {

constexpr std::size_t longest_string = 255;  // of a TXT record

std::string address_lines(const Publication& what) {
  std::string lines;
  for (const auto& address : what.addresses)
    lines += fmt::format("{}. IN {} {}\n", what.hostname, address.is_v4() ? "A" : "AAAA", to_string(address));
  if (lines.empty())
    lines = fmt::format("; No public address was found; put yours here:\n; {}. IN A 192.0.2.1\n", what.hostname);
  return lines;
}

std::string reverse_lines(const Publication& what) {
  std::string lines;
  for (const auto& address : what.addresses)
    lines += fmt::format("; {}. IN PTR {}.\n", dns::reverse_name(address), what.hostname);
  if (lines.empty()) return lines;
  return "\n; The reverse records, at whoever gave you the addresses; without them many hosts refuse your mail:\n" +
         lines;
}

std::string sts_lines(const Publication& what) {
  return fmt::format(
      "\n; MTA-STS: for senders that go by web certificates.  Useful once a web server mta-sts.{0} serves the policy,\n"
      "; and this host's certificate is one that everybody trusts.\n"
      "{1}\n",
      what.domain, txt_line("_mta-sts." + what.domain, sts_record(what.hostname)));
}

std::string tlsa_lines(const Publication& what) {
  if (!what.tlsa) return {};
  return fmt::format(
      "\n; DANE: counts where the zone is signed (DNSSEC).  To be changed before the key of the certificate is.\n{}\n",
      tlsa_line(what.hostname, 25, *what.tlsa));
}

std::string service_lines(const Publication& what) {
  return fmt::format(
      "\n; Where mail programs send through (RFC 6186, RFC 8314).\n"
      "_submissions._tcp.{0}. IN SRV 0 1 465 {1}.\n"
      "_submission._tcp.{0}. IN SRV 10 1 587 {1}.\n",
      what.domain, what.hostname);
}

}  // namespace

std::string txt_line(std::string_view name, std::string_view text) {
  if (text.size() <= longest_string) return fmt::format("{}. IN TXT \"{}\"", name, text);
  std::string strings;
  for (; !text.empty(); text.remove_prefix(std::min(longest_string, text.size())))
    strings += fmt::format(" \"{}\"", text.substr(0, longest_string));
  return fmt::format("{}. IN TXT ({} )", name, strings);
}

std::string tlsa_line(std::string_view hostname, std::uint16_t port, const dns::Tlsa& record) {
  return fmt::format("_{}._tcp.{}. IN TLSA {} {} {} {}", port, hostname, record.usage, record.selector, record.matching,
                     base::hex_encode(record.data));
}

std::string sts_policy(const std::string& hostname) {
  return fmt::format("version: STSv1\r\nmode: testing\r\nmx: {}\r\nmax_age: 86400\r\n", hostname);
}

std::string sts_record(const std::string& hostname) {
  return fmt::format("v=STSv1; id={:08x};", base::crc32c(sts_policy(hostname)));
}

std::string zone_text(const Publication& what) {
  std::string text = fmt::format(
      "; What {0} publishes, as lines of a zone file; a provider's form wants the same without the quotes.\n"
      "{0}. IN MX 10 {1}.\n{2}",
      what.domain, what.hostname, address_lines(what));
  text += "\n; Who may send mail of the domain (SPF), and who says HELO with the host's name.\n";
  text += txt_line(what.domain, "v=spf1 mx ~all") + "\n";
  if (what.hostname != what.domain) text += txt_line(what.hostname, "v=spf1 a -all") + "\n";
  text += "\n; The keys with which its mail is signed (DKIM).\n";
  for (const auto& key : what.keys) text += txt_line(key.selector + "._domainkey." + what.domain, key.text) + "\n";
  text +=
      "\n; What becomes of mail that only claims to be from it (DMARC): reports at first, later p=quarantine or "
      "p=reject.\n";
  text += txt_line("_dmarc." + what.domain, "v=DMARC1; p=none; rua=mailto:" + what.reports) + "\n";
  text += "\n; Reports of others on TLS with this host (TLSRPT).\n";
  text += txt_line("_smtp._tls." + what.domain, "v=TLSRPTv1; rua=mailto:" + what.reports) + "\n";
  return text + sts_lines(what) + tlsa_lines(what) + service_lines(what) + reverse_lines(what);
}

}  // namespace godwit::setup
