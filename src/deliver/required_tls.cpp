// SPDX-License-Identifier: Apache-2.0
#include "required_tls.hpp"

#include <utility>

#include <fmt/format.h>

namespace godwit::deliver {
namespace {

using Verdict = smtp::RecipientResult::Verdict;

constexpr smtp::EnhancedCode encryption_needed{5, 7, 10};

}  // namespace

smtp::RecipientResult as_required(smtp::RecipientResult result) {
  const bool of_tls = result.stage == smtp::Stage::starttls || result.stage == smtp::Stage::tls;
  const bool passes = result.lost || (result.reply && result.reply->transient());
  if (!of_tls || passes || result.verdict != Verdict::try_next) return result;
  result.verdict = Verdict::not_here;
  result.enhanced = encryption_needed;
  return result;
}

smtp::RecipientResult skipped_host(const route::Host& host, std::string why, bool needs_tls) {
  smtp::RecipientResult result{Verdict::try_next, smtp::Stage::tls, {}, std::move(why)};
  const bool is_unknown = host.tls.level == route::TlsLevel::dane;
  return needs_tls && !is_unknown ? as_required(std::move(result)) : result;
}

std::string why_unprotected(const base::Endpoint& store) {
  if (!store.unix_path.empty() || store.address.is_loopback()) return {};
  return fmt::format("REQUIRETLS, but {} gets mail in clear", to_string(store));
}

}  // namespace godwit::deliver
