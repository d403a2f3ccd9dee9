// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/arc.hpp"

#include <algorithm>
#include <utility>

#include "arc_sets.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/authentication_results.hpp"
#include "key_record.hpp"
#include "signature.hpp"
#include "tag_list.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;

ArcVerdict failed(std::string reason) {
  return {.result = ArcResult::fail, .sealers = {}, .last_results = {}, .reason = std::move(reason)};
}

std::string number(std::size_t value) {
  return std::to_string(value);
}

// cv= of the first seal is "none", of all others "pass" (section 5.2, step 3).
std::optional<std::string> wrong_order(const std::vector<ArcSet>& sets) {
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto tags = TagList::parse(sets[i].seal->body);
    if (!tags) return "seal " + number(i + 1) + " is malformed";
    const auto said = tags->find("cv").value_or("");
    if (said == "fail") return "seal " + number(i + 1) + " says that the chain had failed";
    if (said != (i == 0 ? "none" : "pass")) return "seal " + number(i + 1) + " has a wrong cv=";
  }
  return {};
}

// Empty: the signature is good.
awaitable<std::optional<std::string>> check_signature(Signature signature, std::string digest,
                                                      dns::Resolver& resolver) {
  auto record = co_await find_key(resolver, signature.selector, signature.domain, signature.key_kind);
  if (!record) co_return record.error().message;
  if (!record->key.verifies(digest, signature.signature)) co_return "it does not fit the header";
  co_return std::nullopt;
}

awaitable<std::optional<std::string>> check_message(const MessageDigest& message, const ArcSet& last,
                                                    dns::Resolver& resolver) {
  auto read = read_signature(*last.message, SignatureKind::arc_message);
  if (read.error) co_return read.error->message;
  const auto signs_seals = [](const std::string& name) { return base::iequals(name, "arc-seal"); };
  if (std::ranges::any_of(read.signature.fields, signs_seals)) co_return "it signs a seal";
  if (message.body_hash(read.signature.body) != read.signature.body_hash) co_return "the body has changed";
  auto digest = signed_digest(message.header().fields(), read.signature);
  auto checking = check_signature(std::move(read.signature), std::move(digest), resolver);
  co_return co_await std::move(checking);
}

// `sets`: up to the seal that is checked.
awaitable<std::optional<std::string>> check_seal(std::vector<ArcSet> sets, dns::Resolver& resolver,
                                                 std::string& domain) {
  auto read = read_signature(*sets.back().seal, SignatureKind::arc_seal);
  if (read.error) co_return read.error->message;
  domain = read.signature.domain;
  auto digest = sealed_digest(sets, read.signature.value_begin, read.signature.value_end);
  auto checking = check_signature(std::move(read.signature), std::move(digest), resolver);
  co_return co_await std::move(checking);
}

// Behind "i=1; lists.example.org".
std::string results_of(const mail::HeaderField& field) {
  const auto first = field.body.find(';');
  const auto second = field.body.find(';', first + 1);
  return second == std::string_view::npos ? std::string() : mail::unfold(field.body.substr(second));
}

}  // namespace

std::string_view to_string(ArcResult result) {
  switch (result) {
    case ArcResult::none:
      return "none";
    case ArcResult::pass:
      return "pass";
    case ArcResult::fail:
      break;
  }
  return "fail";
}

std::vector<BodyHashing> hashes_of_chain(const mail::Header& header) {
  const auto sets = find_arc_sets(header);
  if (!sets || sets->empty()) return {};
  const auto read = read_signature(*sets->back().message, SignatureKind::arc_message);
  if (read.error) return {};
  return {read.signature.body};
}

awaitable<ArcVerdict> verify_arc(const MessageDigest& message, dns::Resolver& resolver, base::WallTime /*now*/) {
  const auto sets = find_arc_sets(message.header());
  if (!sets) co_return failed(sets.error().message);
  if (sets->empty()) co_return ArcVerdict();
  if (!message.header().complete()) co_return failed("the header is too large");
  if (auto wrong = wrong_order(*sets)) co_return failed(std::move(*wrong));
  auto wrong_message = co_await check_message(message, sets->back(), resolver);
  if (wrong_message) co_return failed("signature " + number(sets->size()) + ": " + *wrong_message);
  ArcVerdict verdict{.result = ArcResult::pass, .last_results = results_of(*sets->back().results)};
  verdict.sealers.resize(sets->size());
  for (auto count = sets->size(); count > 0; --count) {
    std::vector<ArcSet> covered(sets->begin(), sets->begin() + static_cast<std::ptrdiff_t>(count));
    auto wrong = co_await check_seal(std::move(covered), resolver, verdict.sealers[count - 1]);
    if (wrong) co_return failed("seal " + number(count) + ": " + *wrong);
  }
  co_return verdict;
}

}  // namespace godwit::mailauth
