// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/dkim.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "godwit/base/text.hpp"
#include "key_record.hpp"
#include "signature.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;

constexpr std::string_view field_name = "DKIM-Signature";
constexpr std::uint64_t most_skew = 15 * 60;  // seconds that the signer's clock may be ahead of ours

std::vector<ReadSignature> signatures_of(const mail::Header& header) {
  std::vector<ReadSignature> found;
  for (const auto& field : header.fields()) {
    if (!base::iequals(field.name, field_name)) continue;
    found.push_back(read_signature(field, SignatureKind::dkim));
    if (found.size() == most_signatures) break;
  }
  return found;
}

DkimVerdict describe(const Signature& signature) {
  return {.domain = signature.domain,
          .selector = signature.selector,
          .identity = signature.identity,
          .algorithm = signature.algorithm,
          .signature_start = signature.signature_start};
}

DkimVerdict not_passed(DkimVerdict verdict, DkimResult result, std::string reason) {
  verdict.result = result;
  verdict.reason = std::move(reason);
  return verdict;
}

// What needs no key.
std::optional<std::string> objection(const Signature& signature, const MessageDigest& message, base::WallTime now) {
  const auto seconds =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  if (signature.expires && *signature.expires < seconds) return "the signature has expired";
  if (signature.made && *signature.made > seconds + most_skew) return "the signature is from the future";
  const auto hash = message.body_hash(signature.body);
  if (!hash) return "the body is shorter than what was signed";
  if (*hash != signature.body_hash) return "the body has changed";
  return {};
}

// A key with t=s is for identities of the very domain only (RFC 6376 section 3.6.1).
bool fits_identity(const KeyRecord& record, const Signature& signature) {
  if (!record.is_strict || signature.identity.empty()) return true;
  return base::iequals(signature.identity.substr(signature.identity.rfind('@') + 1), signature.domain);
}

awaitable<DkimVerdict> verify(const MessageDigest& message, Signature signature, dns::Resolver& resolver,
                              base::WallTime now) {
  auto verdict = describe(signature);
  if (auto reason = objection(signature, message, now))
    co_return not_passed(std::move(verdict), DkimResult::fail, std::move(*reason));
  auto record = co_await find_key(resolver, signature.selector, signature.domain, signature.key_kind);
  if (!record) {
    const bool later = record.error().kind == base::ErrorKind::timed_out;
    co_return not_passed(std::move(verdict), later ? DkimResult::temp_error : DkimResult::perm_error,
                         std::move(record.error().message));
  }
  verdict.is_testing = record->is_testing;
  if (!fits_identity(*record, signature))
    co_return not_passed(std::move(verdict), DkimResult::perm_error, "the identity is not of the key's very domain");
  if (!record->key.verifies(signed_digest(message.header().fields(), signature), signature.signature))
    co_return not_passed(std::move(verdict), DkimResult::fail, "the signature does not fit the header");
  verdict.result = DkimResult::pass;
  co_return verdict;
}

}  // namespace

std::string_view to_string(DkimResult result) {
  switch (result) {
    case DkimResult::none:
      return "none";
    case DkimResult::pass:
      return "pass";
    case DkimResult::fail:
      return "fail";
    case DkimResult::policy:
      return "policy";
    case DkimResult::neutral:
      return "neutral";
    case DkimResult::temp_error:
      return "temperror";
    case DkimResult::perm_error:
      break;
  }
  return "permerror";
}

std::vector<BodyHashing> hashes_of_signatures(const mail::Header& header) {
  std::vector<BodyHashing> wanted;
  for (const auto& one : signatures_of(header))
    if (!one.error) wanted.push_back(one.signature.body);
  return wanted;
}

awaitable<std::vector<DkimVerdict>> verify_dkim(const MessageDigest& message, dns::Resolver& resolver,
                                                base::WallTime now) {
  std::vector<DkimVerdict> verdicts;
  for (auto& one : signatures_of(message.header())) {
    if (one.error) {
      verdicts.push_back(not_passed(describe(one.signature), DkimResult::perm_error, std::move(one.error->message)));
    } else if (!message.header().complete()) {
      verdicts.push_back(not_passed(describe(one.signature), DkimResult::perm_error, "the header is too large"));
    } else {
      auto verdict = co_await verify(message, std::move(one.signature), resolver, now);
      verdicts.push_back(std::move(verdict));
    }
  }
  co_return verdicts;
}

}  // namespace godwit::mailauth
