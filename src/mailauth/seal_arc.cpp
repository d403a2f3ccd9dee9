// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "arc_sets.hpp"
#include "godwit/mailauth/arc.hpp"
#include "new_signature.hpp"

namespace godwit::mailauth {
namespace {

// A field of ours as those of the message are.
struct OwnField {
  std::string text;
  mail::HeaderField field() const {
    const std::string_view raw = text;
    const auto colon = raw.find(':');
    return {.name = raw.substr(0, colon), .body = raw.substr(colon + 1, raw.size() - colon - 3), .raw = raw};
  }
};

// Section 4.1.2: the signatures that were there are signed, too; seals and results are the seal's business.
std::vector<std::string> fields_to_seal(const mail::Header& header) {
  auto names = fields_to_sign(header);
  const auto signatures = std::min<std::size_t>(header.count("DKIM-Signature"), 8);
  names.insert(names.end(), signatures, "dkim-signature");
  return names;
}

}  // namespace

base::Result<std::string> seal_arc(const MessageDigest& message, const ArcVerdict& before, const Key& key,
                                   const ArcSealing& sealing, base::WallTime now) {
  if (before.result == ArcResult::fail) return base::fail(base::ErrorKind::refused, "the chain is broken");
  auto sets = find_arc_sets(message.header());
  if (!sets) return std::unexpected(sets.error());
  if (sets->size() >= most_instances) return base::fail(base::ErrorKind::refused, "the chain is full");
  const auto instance = sets->size() + 1;
  const OwnField results{
      fmt::format("ARC-Authentication-Results: i={}; {}{}\r\n", instance, sealing.service, sealing.results)};
  const auto names =
      fmt::format("i={}; a={}; d={}; s={};", instance, signature_algorithm(key), sealing.domain, sealing.selector);
  auto signature = sign_message(message,
                                {.name = "ARC-Message-Signature",
                                 .tags = names + " c=relaxed/relaxed;\r\n",
                                 .fields = fields_to_seal(message.header())},
                                key, now);
  if (!signature) return signature;
  const OwnField signed_message{std::move(*signature)};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string seal = fmt::format("ARC-Seal: {} t={}; cv={};\r\n b=", names, seconds, to_string(before.result));
  const OwnField unsealed{seal + "\r\n"};
  sets->push_back({.results = results.field(), .message = signed_message.field(), .seal = unsealed.field()});
  const auto value = sets->back().seal->body.size();
  auto bytes = key.sign(sealed_digest(*sets, value, value));
  if (!bytes) return bytes;
  return seal + folded_base64(*bytes) + "\r\n" + signed_message.text + results.text;
}

}  // namespace godwit::mailauth
