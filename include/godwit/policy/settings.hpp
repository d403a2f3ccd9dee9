// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"
#include "godwit/mail/settings.hpp"
#include "godwit/policy/hook_settings.hpp"
#include "godwit/policy/limit_rule.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::policy {

// When an account sends so unlike itself that it is stopped; see account_breaker.hpp.  All in an hour.
struct BreakerSettings {
  bool enabled = true;
  std::uint32_t recipients = 1000;           // that every account may have
  std::uint32_t different_recipients = 500;  // likewise
  std::uint32_t refused = 50;                // likewise, whatever share of all they are
  std::uint32_t refused_percent = 30;        // of all recipients, likewise
  std::uint32_t factor = 5;                  // or so many times what the account's busiest hour was
  std::vector<std::string> exempt = {};      // accounts
};

// A filter that speaks the milter protocol.
struct MilterSettings {
  using Failure = OnFailure;

  std::string name;  // in the log
  ServerAddress address;
  std::vector<smtp::Service> services = {smtp::Service::mx, smtp::Service::submission};
  Failure on_failure = Failure::defer;
  base::Duration connect_timeout = std::chrono::seconds(30);   // until it has agreed on the protocol
  base::Duration command_timeout = std::chrono::seconds(30);   // of each answer
  base::Duration message_timeout = std::chrono::seconds(300);  // of the answer to a whole message
  std::size_t idle_connections = 0;                            // kept for the next client, on each reactor
};

// What a check does about what it finds.  header: a field above the message says so.
enum class CheckAction : std::uint8_t { none, defer, reject, quarantine, header };

struct ReverseDnsSettings {
  enum class Required : std::uint8_t { any, verified };  // a name, or one that leads back to the address
  Required require = Required::any;
  CheckAction action = CheckAction::reject;
};

struct HelloSettings {
  CheckAction own_name = CheckAction::reject;
  CheckAction bad_name = CheckAction::none;      // no form of a name; many hosts that send good mail have one
  CheckAction unknown_name = CheckAction::none;  // without a record in DNS
};

struct SenderDomainSettings {
  CheckAction missing = CheckAction::reject;  // neither MX nor address
  CheckAction null_mx = CheckAction::reject;  // RFC 7505
};

struct HeaderSettings {
  CheckAction missing_from = CheckAction::reject;
  CheckAction missing_date = CheckAction::none;
  CheckAction missing_message_id = CheckAction::none;
  CheckAction repeated = CheckAction::none;  // a field that may be there once
  CheckAction too_many_received = CheckAction::reject;
  std::size_t most_received = 50;  // 0: no bound but that of loops
  CheckAction too_large = CheckAction::reject;
  std::uint64_t most_bytes = 128U << 10U;  // of the header; 0: no bound
  std::size_t most_fields = 1000;          // likewise
};

// Attachments by their names, and what becomes of mail that has one.
struct AttachmentSettings {
  std::vector<std::string> names = {};  // patterns
  CheckAction action = CheckAction::reject;
};

struct MimeSettings {
  CheckAction too_complex = CheckAction::reject;
  std::size_t most_depth = 20;
  std::size_t most_parts = 1000;
  CheckAction malformed = CheckAction::none;         // much good mail is
  CheckAction conflicting = CheckAction::header;     // what one reader takes for text is an attachment for another
  CheckAction disguised = CheckAction::quarantine;   // a name that looks like another
  CheckAction programs = CheckAction::reject;        // attachments that run when they are opened
  std::vector<AttachmentSettings> attachments = {};  // the first rule with a pattern that fits counts
};

// How other hosts are asked for recipients of our domains; what they say counts for a time:
// state::CalloutCacheSettings.
struct CalloutSettings {
  enum class Failure : std::uint8_t { defer, accept };
  base::Duration timeout = std::chrono::seconds(10);
  Failure on_failure = Failure::defer;
  std::size_t connections = 10;  // inquiries at once, of each domain
};

// How long and how many: state::GreylistSettings.
struct GreylistSettings {
  enum class At : std::uint8_t { envelope, message };  // RCPT is deferred, or the message, when DKIM was looked at
  enum class Good : std::uint8_t { spf, dkim, vouched };
  At at = At::message;
  std::vector<Good> pass = {Good::spf, Good::dkim, Good::vouched};  // who need not wait
};

// Answers of a list, such as 127.0.*.2-3: what each of the four bytes may be.
struct AnswerPattern {
  struct Range {
    std::uint8_t least = 0;
    std::uint8_t most = 255;
    bool operator==(const Range&) const = default;
  };
  std::array<Range, 4> bytes{};
  bool operator==(const AnswerPattern&) const = default;
};

// A list in DNS of addresses or domains that somebody found to be bad, or good (RFC 5782).
struct DnsListSettings {
  // What is looked up: the client's address, its name by reverse DNS, the name in HELO, the domain of MAIL FROM.
  enum class Subject : std::uint8_t { client, client_name, hello, sender };
  std::string zone;
  std::string name{};  // what others are told; a zone may hold a secret of ours
  std::vector<Subject> subjects = {Subject::client};
  int score = 5;                         // below zero: of good ones
  std::vector<AnswerPattern> answers{};  // that count; empty: all
  std::string test_point{};              // that is always listed; empty: as RFC 5782 says; "none": it is not tested
  const std::string& shown_name() const { return name.empty() ? zone : name; }
  bool operator==(const DnsListSettings&) const = default;
};

struct DnsListsSettings {
  std::vector<DnsListSettings> lists = {};
  std::vector<std::string> zones() const {
    std::vector<std::string> all;
    all.reserve(lists.size());
    for (const auto& list : lists) all.push_back(list.zone);
    return all;
  }
  // From which sum of scores on; nothing: never.
  std::optional<int> reject = 5;
  std::optional<int> defer = {};
  std::optional<int> quarantine = {};
  int vouch = -1;  // at this sum or below it the sender is known to be good
  base::Duration timeout = std::chrono::seconds(5);
};

// The names of checks; check_list.cpp says what they stand for.
inline constexpr std::array<std::string_view, 7> check_names{"reverse_dns", "hello",  "sender_domain", "dns_lists",
                                                             "greylist",    "header", "mime"};

// Which checks are asked, by their names, in this order; see check.hpp.  Beside those above: "http:NAME" and
// "delegate:NAME".
struct CheckSettings {
  std::vector<std::string> mx = {};
  std::vector<std::string> submission = {};
  std::vector<std::string> local = {};
  base::Duration timeout = std::chrono::seconds(15);  // of one question to one check
  // Local parts whose mail no check refuses before its content: who is refused wrongly can write there.
  std::vector<std::string> exempt_recipients = {"postmaster"};
};

// Where a message comes from, for rules that change what is sent.
enum class MailOrigin : std::uint8_t {
  submitted,  // by an account, or by a program of this machine
  trusted,    // from trusted_networks
  others,     // what strangers send: it is theirs
};

// Where addresses and headers are changed; which: route::CanonicalSettings.
struct RewritingSettings {
  std::vector<MailOrigin> mail = {MailOrigin::submitted, MailOrigin::trusted};
  bool envelope = true;
  bool header = true;
};

struct HeaderRuleSettings {
  mail::HeaderRule rule = {};
  std::vector<MailOrigin> mail = {MailOrigin::submitted};
};

// Who else gets mail.
struct CopySettings {
  std::string to = {};                       // an address
  std::vector<std::string> senders = {};     // "user@domain", "@domain"; empty: any
  std::vector<std::string> recipients = {};  // likewise
  std::vector<MailOrigin> mail = {MailOrigin::submitted, MailOrigin::trusted, MailOrigin::others};
};

struct Settings {
  std::vector<MilterSettings> milters = {};
  RewritingSettings rewriting = {};
  std::vector<HeaderRuleSettings> header_rules = {};
  std::vector<CopySettings> copies = {};
  std::vector<base::IpNetwork> trusted_networks = {*base::IpNetwork::parse("127.0.0.0/8"),
                                                   *base::IpNetwork::parse("::1/128")};
  std::array<base::Rate, limited_kinds> rates{};  // by Limited: of each client network
  LimitRates account_rates{};                     // of each account
  std::vector<LimitRule> limits = {};             // further ones
  BreakerSettings breaker = {};
  CheckSettings checks = {};
  ReverseDnsSettings reverse_dns = {};
  HelloSettings hello = {};
  DnsListsSettings dns_lists = {};
  SenderDomainSettings sender_domain = {};
  HeaderSettings header = {};
  MimeSettings mime = {};
  GreylistSettings greylist = {};
  CalloutSettings callout = {};
  std::vector<HttpHookSettings> http_hooks = {};
  std::vector<DelegateSettings> delegates = {};
  std::size_t connections = 10000;
  std::size_t connections_per_client = 50;  // per IPv4 address or IPv6 /64; trusted_networks are exempt
  // Users of this machine who may submit under any sender address; "*": all of them.
  std::vector<std::string> trusted_users = {"root", "www-data"};
};

}  // namespace godwit::policy
