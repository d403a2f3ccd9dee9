// SPDX-License-Identifier: Apache-2.0
// A signature of DKIM (RFC 6376 section 3.5), an ARC-Message-Signature (RFC 8617 section 4.1.2), which has the same
// tags but for v= and i=, or an ARC-Seal, which has those that name its key.  Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mailauth/key.hpp"
#include "godwit/mailauth/message_digest.hpp"

namespace godwit::mailauth {

enum class SignatureKind { dkim, arc_message, arc_seal };

struct Signature {
  mail::HeaderField field{};  // points into the message
  std::string domain{};       // d=, lower case
  std::string selector{};
  std::string identity{};  // i= of DKIM; empty: not said
  std::string algorithm{};
  KeyKind key_kind = KeyKind::rsa;
  Canonical header_form = Canonical::simple;
  BodyHashing body{};
  std::vector<std::string> fields{};  // h=
  std::string body_hash{};
  std::string signature{};
  std::string signature_start{};  // the first characters of b=, by which RFC 8601 tells signatures apart
  std::size_t value_begin = 0;    // of b=, in the field's body
  std::size_t value_end = 0;
  std::optional<std::uint64_t> made{};     // t=, seconds
  std::optional<std::uint64_t> expires{};  // x=
};

// As far as it can be read, for reports, with the error of what is wrong with it.
struct ReadSignature {
  Signature signature;
  std::optional<base::Error> error;
};
ReadSignature read_signature(const mail::HeaderField& field, SignatureKind kind);

// What is signed, as its SHA-256 (section 3.7): the fields of h=, each name from the bottom up, and the signature's own
// without the value of b=.
std::string signed_digest(const std::vector<mail::HeaderField>& header, const Signature& signature);

// The signature's field without the value of b=, in canonical form and without its CRLF.
std::string unsigned_field(const mail::HeaderField& field, std::size_t begin, std::size_t end, Canonical form);

}  // namespace godwit::mailauth
