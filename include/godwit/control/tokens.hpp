// SPDX-License-Identifier: Apache-2.0
// Who may ask what over TCP: bearer tokens (RFC 6750 section 2.1).  What never changes once it is made, so any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "godwit/control/caller.hpp"
#include "godwit/control/settings.hpp"

namespace godwit::control {

class Tokens {
 public:
  // Of each the secret was read.
  explicit Tokens(const std::vector<TokenSettings>& tokens);
  // Whose "Bearer TOKEN" is, but for where he speaks from; nothing: there is no such token.  Takes the same time
  // whichever it is, or nearly.  One that stands in several files has the scopes of all, and the first account.
  std::optional<Caller> caller_of(std::string_view authorization) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Known {
    Digest digest;  // of the token: of equal size, and nothing that a dump of memory gives away
    Caller caller;
  };
  static Digest digest_of(std::string_view token);

  std::vector<Known> known_;
};

}  // namespace godwit::control
