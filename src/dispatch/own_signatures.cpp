// SPDX-License-Identifier: Apache-2.0
#include "own_signatures.hpp"

#include <utility>
#include <vector>

#include "godwit/mailauth/message_digest.hpp"

namespace godwit::dispatch {

base::Result<std::string> own_signatures(std::string_view message, const mailauth::Signers* signers,
                                         base::WallTime now) {
  if (signers == nullptr || signers->empty()) return std::string();
  mailauth::MessageDigest digest(
      [](const auto&) { return std::vector<mailauth::BodyHashing>{{.form = mailauth::Canonical::relaxed}}; });
  digest.put(message);
  digest.finish();
  // Keys that are for single accounts are not for the host.
  auto signatures = mailauth::sign_for_author(digest, *signers, {}, now);
  if (signatures.lacks_key) return base::fail(base::ErrorKind::io, "it cannot be signed now");
  return std::move(signatures.header);
}

}  // namespace godwit::dispatch
