// SPDX-License-Identifier: Apache-2.0
// No bounce address that a stranger made up leads anywhere, and one that we made leads to whom it was made for, also
// when letters have changed their case.  Input: an address, and one that it is rewritten for, a line each.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/srs.hpp"
#include "godwit/mail/verp.hpp"

namespace godwit::fuzz {
namespace {

constexpr base::WallTime now{std::chrono::hours(500'000)};

// But for the case of letters.
bool is_same(const smtp::Mailbox& a, const smtp::Mailbox& b) {
  return base::iequals(a.local, b.local) && a.domain == b.domain;
}

}  // namespace

void fuzz_srs(std::string_view input) {
  const mail::Srs srs({"secret", "older"});
  const mail::Verp verp({"secret"}, "+");
  const auto first = smtp::parse_mailbox(take_until(input, "\n"), smtp::BareLocal::refuse, smtp::Utf8::allow);
  const auto second = smtp::parse_mailbox(take_until(input, "\n"), smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!first) return;
  // Four characters of a hash can be found by trying: but not by one try in a run.
  const auto read = mail::Srs::is_rewritten(first->local) ? srs.restore(first->local, now)
                                                          : std::unexpected(mail::Srs::Fault::malformed);
  if (read) require(srs.rewrite(*read, "ours.example", now).has_value() || read->domain.empty());
  if (const auto rewritten = srs.rewrite(*first, "ours.example", now)) {
    require(rewritten->local.size() <= 64 && mail::Srs::is_rewritten(rewritten->local));
    require(smtp::parse_mailbox(to_string(*rewritten), smtp::BareLocal::refuse, smtp::Utf8::allow) == *rewritten);
    for (const auto& local : {rewritten->local, base::to_lower(rewritten->local), base::to_upper(rewritten->local)}) {
      const auto restored = srs.restore(local, now);
      require(restored.has_value());
      require(mail::Srs::is_rewritten(first->local) || is_same(*restored, *first));
    }
  }
  if (!second) return;
  if (const auto sender = verp.sender_for(*first, *second, now)) {
    const auto about = verp.recipient_of(*sender, now);
    require(about && is_same(*about, *second) && sender->local.size() <= 64);
  }
}

}  // namespace godwit::fuzz
