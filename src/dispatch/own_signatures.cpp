// SPDX-License-Identifier: Apache-2.0
#include "own_signatures.hpp"

#include <utility>
#include <vector>

#include "godwit/mailauth/message_digest.hpp"

namespace godwit::dispatch {

std::string own_signatures(std::string_view message, const mailauth::Signers* signers, base::WallTime now) {
  if (signers == nullptr || signers->empty()) return {};
  mailauth::MessageDigest digest(
      [](const auto&) { return std::vector<mailauth::BodyHashing>{{.form = mailauth::Canonical::relaxed}}; });
  digest.put(message);
  digest.finish();
  // Keys that are for single accounts are not for the host.
  auto signatures = mailauth::sign_for_author(digest, *signers, {}, now);
  return std::move(signatures.header);
}

}  // namespace godwit::dispatch
