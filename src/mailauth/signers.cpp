// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/signers.hpp"

#include <algorithm>

#include "domain.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "godwit/mailauth/dmarc.hpp"

namespace godwit::mailauth {

std::vector<const Signer*> Signers::of(std::string_view domain, std::string_view account) const {
  std::vector<const Signer*> best;
  std::size_t best_rank = 0;
  for (const auto& signer : all_) {
    const auto& accounts = signer.settings.accounts;
    if (!is_same_or_below(domain, signer.settings.domain)) continue;
    if (!accounts.empty() && std::ranges::find(accounts, account) == accounts.end()) continue;
    const auto rank = 2 * signer.settings.domain.size() + (accounts.empty() ? 0 : 1);
    if (rank < best_rank) continue;
    if (rank > best_rank) best.clear();
    best_rank = rank;
    best.push_back(&signer);
  }
  return best;
}

Signed sign_for_author(const MessageDigest& message, const Signers& signers, std::string_view account,
                       base::WallTime now) {
  Signed result;
  const auto authors = author_domains(message.header());
  if (!authors || authors->size() != 1) return result;
  for (const auto* signer : signers.of(authors->front(), account)) {
    const DkimSigning signing{.domain = signer->settings.domain, .selector = signer->settings.selector};
    auto field = sign_dkim(message, signer->key, signing, now);
    if (!field) {
      result.lacks_key = result.lacks_key || field.error().kind == base::ErrorKind::io;
      continue;
    }
    result.header += *field;
    if (!result.summary.empty()) result.summary += ' ';
    result.summary += signing.domain + ":" + signing.selector;
  }
  return result;
}

}  // namespace godwit::mailauth
