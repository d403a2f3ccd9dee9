// SPDX-License-Identifier: Apache-2.0
// Authenticated Received Chain (RFC 8617): what hosts on the way say that they had verified, signed by each of them.
// Validated after the message streamed through a MessageDigest; a set of our own is added before it goes to other
// hosts. Bounded: 50 instances, as the RFC has it, of which only the last one's signature of the message is checked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/mailauth/key.hpp"
#include "godwit/mailauth/message_digest.hpp"

namespace godwit::mailauth {

inline constexpr std::size_t most_instances = 50;

enum class ArcResult { none, pass, fail };
std::string_view to_string(ArcResult result);

struct ArcVerdict {
  ArcResult result = ArcResult::none;
  std::vector<std::string> sealers{};  // d= of the seals, the first one of the chain first; only of a chain that passes
  std::string last_results{};          // what the last one had found: behind the authserv-id of its results
  std::string reason{};                // our words for a fail
};

// The hash that verify_arc needs; none: there is no chain.
std::vector<BodyHashing> hashes_of_chain(const mail::Header& header);

// Section 5.2.  Requires: message.finish().
boost::asio::awaitable<ArcVerdict> verify_arc(const MessageDigest& message, dns::Resolver& resolver,
                                              base::WallTime now);

struct ArcSealing {
  std::string domain;
  std::string selector;
  std::string service;  // authserv-id
  std::string results;  // as results_text() makes it
};

// Section 5.1: the three fields of the next instance, to be put above the message.  Requires: message.finish(), with
// the relaxed hash of the body; `before` is what verify_arc said.  Errors: refused (the chain is broken or full: it is
// not prolonged), invalid, io.
base::Result<std::string> seal_arc(const MessageDigest& message, const ArcVerdict& before, const Key& key,
                                   const ArcSealing& sealing, base::WallTime now);

}  // namespace godwit::mailauth
