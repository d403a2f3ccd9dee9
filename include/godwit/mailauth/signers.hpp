// SPDX-License-Identifier: Apache-2.0
// The keys with which this host signs, and which of them are for whom.  Made from the configuration and the key files,
// replaced as a whole by a reload; immutable, any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/mailauth/key.hpp"
#include "godwit/mailauth/message_digest.hpp"
#include "godwit/mailauth/settings.hpp"

namespace godwit::mailauth {

struct Signer {
  SigningKey settings;
  Key key;
};

class Signers {
 public:
  Signers() = default;
  explicit Signers(std::vector<Signer> all) : all_(std::move(all)) {}

  bool empty() const { return all_.empty(); }
  // For mail of this domain: keys of the domain itself, else of the nearest one above it.  Those that are for the
  // account alone go before those for all.
  std::vector<const Signer*> of(std::string_view domain, std::string_view account) const;

 private:
  std::vector<Signer> all_;
};

struct Signed {
  std::string header;      // the fields with their CRLFs
  std::string summary;     // "example.com:s1 example.com:s2"; empty: not signed
  bool lacks_key = false;  // a key could not be used now
};
// Signs for the domain of From.  Nothing: there is no key for it, or several authors, or what cannot be signed.
// Requires: the digest has the relaxed hash of the body.
Signed sign_for_author(const MessageDigest& message, const Signers& signers, std::string_view account,
                       base::WallTime now);

}  // namespace godwit::mailauth
