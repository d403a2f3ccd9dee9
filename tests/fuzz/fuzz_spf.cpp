// SPDX-License-Identifier: Apache-2.0
// Whatever a domain publishes, checking a sender of it ends, asks no more than RFC 7208 section 4.6.4 allows, and what
// is told of it is a field of a header.  Input: the sender, a line, then records, a line each: "name text", or
// "name>target" for an alias.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::fuzz {
namespace {

// 1 + 10 terms, of which MX and PTR ask for 10 names in two families each.
constexpr std::size_t most_lookups = 1 + 10 * (1 + 2 * 10 + 1);

void publish(testing::FakeResolver& resolver, std::string_view line) {
  const auto end = line.find_first_of(" >");
  if (end == std::string_view::npos) return;
  const std::string name(line.substr(0, end)), text(line.substr(end + 1));
  if (line[end] == '>') {
    resolver.add_cname(name, text);
    return;
  }
  resolver.add_txt(name, text);
  resolver.add_mx(name, 1, text);
}

}  // namespace

void fuzz_spf(std::string_view input) {
  const auto sender = take_until(input, "\n");
  testing::FakeResolver resolver;
  resolver.add_ptr("192.0.2.1", "mail.x.example").add_address("mail.x.example", "192.0.2.1");
  for (int lines = 0; !input.empty() && lines < 50; ++lines) publish(resolver, take_until(input, "\n"));
  const mailauth::SpfQuery query{.client = *base::IpAddress::parse("192.0.2.1"),
                                 .hello = std::string(sender),
                                 .local = std::string(sender),
                                 .domain = "x.example",
                                 .receiver = "mx.y.example"};
  auto task = mailauth::check_spf(resolver, query);
  const auto outcome = testing::run_awaitable(std::move(task));
  require(resolver.asked.size() <= most_lookups);
  require(base::is_ascii(outcome.explanation) && is_printable(outcome.explanation));
  for (const auto identity : {mailauth::SpfIdentity::mail_from, mailauth::SpfIdentity::hello})
    require(are_fields(mailauth::received_spf_field(query, outcome, identity)));
}

}  // namespace godwit::fuzz
