// SPDX-License-Identifier: Apache-2.0
// DKIM signatures (RFC 6376, 8301, 8463) verified and made.  The message streams through a MessageDigest first; keys of
// others come from the resolver, on its reactor.  Bounded: so many signatures of a message are looked at.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/mailauth/key.hpp"
#include "godwit/mailauth/message_digest.hpp"

namespace godwit::mailauth {

inline constexpr std::size_t most_signatures = 8;  // further ones, below, are not looked at

enum class DkimResult { none, pass, fail, policy, neutral, temp_error, perm_error };  // RFC 8601 section 2.7.1
std::string_view to_string(DkimResult result);

struct DkimVerdict {
  DkimResult result = DkimResult::none;
  std::string domain{};  // d=, lower case; empty: cannot be read
  std::string selector{};
  std::string identity{};   // i=; empty: not said
  std::string algorithm{};  // "rsa-sha256"; empty: none that is accepted
  std::string signature_start{};
  bool is_testing = false;  // t=y of the key: a failure means nothing
  std::string reason{};     // our words, where it did not pass
};

// The hashes that verify_dkim needs.
std::vector<BodyHashing> hashes_of_signatures(const mail::Header& header);

// One verdict for each signature, from the top of the header on; none: not signed.  Requires: message.finish().
boost::asio::awaitable<std::vector<DkimVerdict>> verify_dkim(const MessageDigest& message, dns::Resolver& resolver,
                                                             base::WallTime now);

struct DkimSigning {
  std::string domain;
  std::string selector;
  std::string identity{};  // i=; empty: not said
  Canonical header_form = Canonical::relaxed;
  Canonical body_form = Canonical::relaxed;
};

// The whole field with its CRLF, to be put above the message.  Signs what is there of the usual fields and that there
// is no other of them (over-signing).  Requires: message.finish(); the body was hashed in body_form.  Errors: invalid
// (no From, or the header is beyond its bounds), io.
base::Result<std::string> sign_dkim(const MessageDigest& message, const Key& key, const DkimSigning& signing,
                                    base::WallTime now);

// What belongs into DNS at "<selector>._domainkey.<domain>".
std::string dkim_record(const Key& key);

}  // namespace godwit::mailauth
