// SPDX-License-Identifier: Apache-2.0
// The Sender Rewriting Scheme.  Who forwards a message that somebody else sent gives the next host a sender address of
// his own domain, so that SPF (RFC 7208) holds there; the address leads bounces back.  The format of Mail::SRS, libsrs2
// and PostSRSd:
//
//   SRS0=hash=time=domain=local@ours                     of local@domain
//   SRS1=hash=first==hash=time=domain=local@ours         of an address that the host `first` rewrote before
//
// hash: the first 4 characters of the HMAC-SHA1 of the rest in base 64; time: the day, two characters of base 32. Pure;
// const, any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

class Srs {
 public:
  enum class Fault {
    malformed,
    forged,   // no secret of ours made it
    expired,  // made more than 21 days ago
  };

  // The first secret signs, all of them verify.  Requires: there is one.
  explicit Srs(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}

  // The sender as an address of `domain`.  Nothing: it would be longer than the 64 octets that every host takes (RFC
  // 5321 section 4.5.3.1.1).
  std::optional<smtp::Mailbox> rewrite(const smtp::Mailbox& sender, std::string domain, base::WallTime now) const;

  // Whether a local part has the form of a rewritten one, whoever made it.
  static bool is_rewritten(std::string_view local);
  // The address that `local` stands for.  Letters may have changed their case on the way.  Requires: is_rewritten().
  std::expected<smtp::Mailbox, Fault> restore(std::string_view local, base::WallTime now) const;

 private:
  std::vector<std::string> secrets_;
};

}  // namespace godwit::mail
