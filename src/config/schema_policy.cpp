// SPDX-License-Identifier: Apache-2.0
// The keys of the checks that mail of strangers passes.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {

Type<policy::CheckAction> check_action() {
  using policy::CheckAction;
  return word<CheckAction>({{"none", CheckAction::none},
                            {"defer", CheckAction::defer},
                            {"reject", CheckAction::reject},
                            {"quarantine", CheckAction::quarantine},
                            {"header", CheckAction::header}});
}

namespace {

using namespace std::chrono_literals;

Type<policy::ReverseDnsSettings::Required> required_name() {
  using Required = policy::ReverseDnsSettings::Required;
  return word<Required>({{"any", Required::any}, {"verified", Required::verified}});
}

base::Result<policy::AnswerPattern::Range> parse_byte(std::string_view text) {
  if (text == "*") return policy::AnswerPattern::Range{};
  const auto dash = text.find('-');
  const auto least = base::parse_unsigned(text.substr(0, dash));
  const auto most = dash == std::string_view::npos ? least : base::parse_unsigned(text.substr(dash + 1));
  if (!least || !most || *least > *most || *most > 255)
    return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is no byte, a-b or *", base::printable(text)));
  return policy::AnswerPattern::Range{.least = static_cast<std::uint8_t>(*least),
                                      .most = static_cast<std::uint8_t>(*most)};
}

base::Result<policy::AnswerPattern> parse_answer_pattern(const std::string& text) {
  const auto parts = base::split(text, '.');
  policy::AnswerPattern pattern;
  if (parts.size() != pattern.bytes.size())
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is no answer of a list, such as 127.0.0.2-11", base::printable(text)));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto range = parse_byte(parts[i]);
    if (!range) return std::unexpected(range.error());
    pattern.bytes[i] = *range;
  }
  return pattern;
}

std::string show_answer_pattern(const policy::AnswerPattern& pattern) {
  std::vector<std::string> parts;
  parts.reserve(pattern.bytes.size());
  for (const auto& [least, most] : pattern.bytes)
    parts.push_back(least == most ? fmt::format("{}", least) : fmt::format("{}-{}", least, most));
  return base::join(parts, ".");
}

Type<int> score() {
  return scalar<int>(
      "number, -1000 to 1000",
      [](const std::string& text) -> base::Result<int> {
        const bool negative = text.starts_with('-');
        const auto value = base::parse_unsigned(std::string_view(text).substr(negative ? 1 : 0));
        if (!value || *value > 1000)
          return base::fail(base::ErrorKind::invalid,
                            fmt::format("\"{}\" is no number from -1000 to 1000", base::printable(text)));
        return negative ? -static_cast<int>(*value) : static_cast<int>(*value);
      },
      [](const int& value) { return fmt::format("{}", value); });
}

// "never" takes a default away.
Type<std::optional<int>> threshold() {
  const auto number = score();
  return {.name = number.name + "; never",
          .read =
              [number](std::optional<int>& target, const YAML::Node& node, Reader& reader) {
                if (node.IsScalar() && node.Scalar() == "never") return target.reset();
                number.read(target.emplace(), node, reader);
              },
          .show = [](const std::optional<int>& value) { return value ? fmt::format("{}", *value) : "never"; }};
}

Fields<policy::DnsListSettings> dns_list_fields() {
  using List = policy::DnsListSettings;
  using Subject = List::Subject;
  return {
      make_field<List>(
          "zone", [](auto& l) -> auto& { return l.zone; }, domain_name(), "Under which it is in DNS", Reload::yes,
          Need::required),
      make_field<List>(
          "name", [](auto& l) -> auto& { return l.name; }, or_empty(text(), "the zone"),
          "What replies and the evidence in the log call it, where the zone has a key of yours in it"),
      make_field<List>(
          "of", [](auto& l) -> auto& { return l.subjects; },
          list_of(word<Subject>({{"client", Subject::client},
                                 {"client_name", Subject::client_name},
                                 {"hello", Subject::hello},
                                 {"sender", Subject::sender}}),
                  Single::accept),
          "What is looked up in it: the client's address, its name by reverse DNS, the name it says in HELO, the "
          "domain "
          "of MAIL FROM"),
      make_field<List>(
          "score", [](auto& l) -> auto& { return l.score; }, score(),
          "Added once for what is on it; below zero: a list of good ones, in which only what is proven is looked up (a "
          "sender by SPF, a name that leads back to the client)"),
      make_field<List>(
          "answers", [](auto& l) -> auto& { return l.answers; },
          list_of(scalar<policy::AnswerPattern>("answer", parse_answer_pattern, show_answer_pattern), Single::accept),
          "Which answers count, such as `127.0.0.2-11` or `127.0.*.3`; empty: all. A zone may be listed several times, "
          "with a score for each kind of answer"),
      make_field<List>(
          "test_point", [](auto& l) -> auto& { return l.test_point; }, or_empty(text(), "as RFC 5782 says"),
          "Address or domain that is always on it, by which is seen that it works (127.0.0.2, or `test`); `none`: it "
          "has none"),
  };
}

Fields<Document> greylist_part() {
  using Greylist = policy::GreylistSettings;
  return {
      field(
          "policy.greylist.at", [](auto& d) -> auto& { return d.settings.policy.greylist.at; },
          word<Greylist::At>({{"envelope", Greylist::At::envelope}, {"message", Greylist::At::message}}),
          "Check greylist: mail of strangers is deferred (`451 4.7.1`) until it comes again. `envelope`: at RCPT; "
          "`message`: when the message is there, so that DKIM can speak for it"),
      field(
          "policy.greylist.pass", [](auto& d) -> auto& { return d.settings.policy.greylist.pass; },
          list_of(
              word<Greylist::Good>(
                  {{"spf", Greylist::Good::spf}, {"dkim", Greylist::Good::dkim}, {"vouched", Greylist::Good::vouched}}),
              Single::accept),
          "Who need not wait: SPF passes, a good signature of any domain, a check before vouches for it (dns_lists). "
          "Without `spf`, all hosts that SPF lets send for a domain count as one"),
      field(
          "policy.greylist.delay", [](auto& d) -> auto& { return d.settings.state.greylist.delay; }, duration(0s, 24h),
          "How long after its first attempt a message is taken"),
      field(
          "policy.greylist.window", [](auto& d) -> auto& { return d.settings.state.greylist.window; },
          duration(1min, 30 * 24h), "Within which the second attempt must come"),
      field(
          "policy.greylist.keep", [](auto& d) -> auto& { return d.settings.state.greylist.keep; },
          duration(1h, 366 * 24h),
          "How long a network (IPv4 /24, IPv6 /64) or domain that has tried again is not made to wait, since it last "
          "sent"),
      field(
          "policy.greylist.entries", [](auto& d) -> auto& { return d.settings.state.greylist.entries; },
          number<std::size_t>(100, 10'000'000),
          "How many networks are known, and how many first attempts remembered; some 300 bytes of memory each",
          Reload::restart),
  };
}

}  // namespace

Type<std::vector<std::string>> check_list() {
  return list_of(check_name());
}

Fields<Document> policy_part() {
  Fields<Document> fields{
      field(
          "policy.checks.mx", [](auto& d) -> auto& { return d.settings.policy.checks.mx; }, check_list(),
          "Checks of mail on listeners of service mx, in the order in which they are asked, from the first recipient "
          "on; "
          "the first that refuses decides. Each has a section of its own below"),
      field(
          "policy.checks.submission", [](auto& d) -> auto& { return d.settings.policy.checks.submission; },
          check_list(), "The same on service submission; checks that are about strangers pass over users"),
      field(
          "policy.checks.local", [](auto& d) -> auto& { return d.settings.policy.checks.local; }, check_list(),
          "The same of mail of this host's programs"),
      field(
          "policy.timeout", [](auto& d) -> auto& { return d.settings.policy.checks.timeout; }, duration(100ms, 5min),
          "For one answer of one check. One that takes longer is passed over, as if it had no opinion, until the "
          "connection ends (`check_failed` in the log)"),
      field(
          "policy.exempt_recipients", [](auto& d) -> auto& { return d.settings.policy.checks.exempt_recipients; },
          list_of(text(), Single::accept),
          "Local parts to which no check refuses mail before its content was seen, so that who is refused wrongly can "
          "write to somebody"),
      field(
          "policy.reverse_dns.require", [](auto& d) -> auto& { return d.settings.policy.reverse_dns.require; },
          required_name(),
          "Check reverse_dns: what the client's address must have. `any`: a name; `verified`: a name that leads back "
          "to "
          "it"),
      field(
          "policy.reverse_dns.action", [](auto& d) -> auto& { return d.settings.policy.reverse_dns.action; },
          check_action(),
          "What becomes of mail from others (`550 5.7.25`); what cannot be looked up passes. Here and below `header` "
          "means: it is taken, with a field `X-Godwit-Finding` that says so"),
      field(
          "policy.hello.own_name", [](auto& d) -> auto& { return d.settings.policy.hello.own_name; }, check_action(),
          "Check hello: mail of strangers that say our own `hostname` in HELO or EHLO"),
      field(
          "policy.hello.bad_name", [](auto& d) -> auto& { return d.settings.policy.hello.bad_name; }, check_action(),
          "The same of names that are none: an address without brackets or that of another, a word without a dot, odd "
          "characters"),
      field(
          "policy.hello.unknown_name", [](auto& d) -> auto& { return d.settings.policy.hello.unknown_name; },
          check_action(), "The same of names without an address or MX in DNS; what cannot be looked up passes"),
      field(
          "policy.sender_domain.missing", [](auto& d) -> auto& { return d.settings.policy.sender_domain.missing; },
          check_action(),
          "Check sender_domain: senders whose domain has neither an MX nor an address (`550 5.1.8`); what cannot be "
          "looked up passes"),
      field(
          "policy.sender_domain.null_mx", [](auto& d) -> auto& { return d.settings.policy.sender_domain.null_mx; },
          check_action(), "The same of domains that say that they take no mail (RFC 7505, `550 5.7.27`)"),
      field(
          "policy.dns_lists.lists", [](auto& d) -> auto& { return d.settings.policy.dns_lists.lists; },
          records(dns_list_fields()),
          "Check dns_lists: black and white lists in DNS, all asked at once. One that lists everything or nothing, or "
          "does not answer, is switched off until it is in order again (`godwitctl status`)"),
      field(
          "policy.dns_lists.reject", [](auto& d) -> auto& { return d.settings.policy.dns_lists.reject; }, threshold(),
          "Sum of the scores from which on mail is rejected (`550 5.7.1`)"),
      field(
          "policy.dns_lists.defer", [](auto& d) -> auto& { return d.settings.policy.dns_lists.defer; }, threshold(),
          "The same for `450 4.7.1`"),
      field(
          "policy.dns_lists.quarantine", [](auto& d) -> auto& { return d.settings.policy.dns_lists.quarantine; },
          threshold(), "The same for mail that is taken and held in the queue"),
      field(
          "policy.dns_lists.vouch", [](auto& d) -> auto& { return d.settings.policy.dns_lists.vouch; }, score(),
          "Sum of the scores, below zero, from which on downwards a sender is known to be good: it is not greylisted"),
      field(
          "policy.dns_lists.timeout", [](auto& d) -> auto& { return d.settings.policy.dns_lists.timeout; },
          duration(100ms, 1min), "For all of them together; what is not answered by then is not listed"),
  };
  for (auto* part : {greylist_part, content_part, hook_part})
    for (auto& field : part()) fields.push_back(std::move(field));
  return fields;
}

}  // namespace godwit::config
