// SPDX-License-Identifier: Apache-2.0
#include "site_report.hpp"

#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

using deliver::Outcome;
using Kind = queue::SiteReport::Kind;

// 421: "service not available, closing transmission channel" (RFC 5321 section 3.8), whatever it was said to.
constexpr int closing = 421;

// A host that does not protect a message as that demands may have said nothing yet.
bool is_about_tls(const Outcome& outcome) {
  return !outcome.remote && (outcome.stage == smtp::Stage::starttls || outcome.stage == smtp::Stage::tls);
}

Kind kind_of(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::failed && is_about_tls(outcome)) return Kind::nothing;
  if (outcome.kind != Outcome::Kind::deferred) return Kind::success;
  if (outcome.remote && outcome.reply.code == closing) return Kind::busy;
  switch (outcome.stage) {
    case smtp::Stage::connect:
    case smtp::Stage::greeting:
      // Without a word from any host there was no connection worth the name.
      return outcome.remote ? Kind::busy : Kind::dead;
    case smtp::Stage::ehlo:
    case smtp::Stage::starttls:
    case smtp::Stage::tls:
    case smtp::Stage::auth:
    case smtp::Stage::mail:
      return Kind::busy;
    default:
      // An answer is about the recipient or the message; silence or a lost connection is the host's trouble.
      return outcome.remote ? Kind::success : Kind::busy;
  }
}

}  // namespace

queue::SiteReport site_report(const deliver::Outcomes& outcomes, double fraction) {
  queue::SiteReport report{.kind = Kind::nothing, .reply = {}, .fraction = fraction};
  for (const auto& outcome : outcomes) {
    const auto kind = kind_of(outcome);
    // One recipient with whom a host dealt in earnest shows that it works.
    if (report.kind != Kind::nothing && kind >= report.kind) continue;
    report.kind = kind;
    report.reply = base::printable(outcome.remote ? to_line(outcome.reply) : base::join(outcome.reply.lines, " "));
  }
  return report;
}

}  // namespace godwit::dispatch
