// SPDX-License-Identifier: Apache-2.0
// A SASL mechanism that takes more than one message of the client, as the server's connection sees it: each response
// gives a challenge or the end.  One connection's reactor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/ip_address.hpp"

namespace godwit::auth {

struct AuthOutcome {
  enum class Kind {
    accepted,
    rejected,
    unavailable,  // too many waiting, or a store cannot be asked: answer 454 4.7.0
    abandoned,    // whoever asked was gone when the turn came
    malformed,    // no message of this mechanism
  } kind = Kind::rejected;
  std::string account = {};               // the canonical name, when accepted
  std::vector<std::string> senders = {};  // what its store lets it send as besides
  std::uint64_t mark = 0;                 // of a rejected password, to see that it comes again; 0: none was seen
};

// Who asks.
struct Peer {
  base::IpAddress address = {};
  std::function<bool()> gone = {};  // any thread; empty: it cannot be told
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  struct Step {
    std::optional<std::string> challenge = {};  // to be sent; set: it goes on
    AuthOutcome outcome = {};                   // else
  };
  // Not after the end.
  virtual boost::asio::awaitable<Step> next(std::string response) = 0;
  // As the client gave it; empty: not yet.
  virtual const std::string& user() const = 0;
};

}  // namespace godwit::auth
