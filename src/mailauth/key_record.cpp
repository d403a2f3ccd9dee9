// SPDX-License-Identifier: Apache-2.0
#include "key_record.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "tag_list.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t most_records = 4;  // of one name, of which the first that fits is taken

bool lists(std::string_view value, std::string_view word) {
  const auto words = split_colons(value);
  return std::ranges::any_of(words, [&](const auto& one) { return base::iequals(one, word); });
}

std::unexpected<base::Error> unfit(std::string text) {
  return base::fail(base::ErrorKind::invalid, std::move(text));
}

}  // namespace

base::Result<KeyRecord> parse_key_record(std::string_view text, KeyKind wanted) {
  const auto tags = TagList::parse(text);
  if (!tags) return unfit("the key record is malformed: " + tags.error().message);
  if (const auto* version = tags->tag("v"); version != nullptr)
    if (version != &tags->all().front() || version->value != "DKIM1")
      return unfit("the key record is of another version");
  if (!base::iequals(tags->find("k").value_or("rsa"), to_string(wanted)))
    return unfit("the key is of another kind than the signature");
  if (const auto hashes = tags->find("h"); hashes && !lists(*hashes, "sha256"))
    return unfit("the key is not for SHA-256");
  if (const auto services = tags->find("s"); services && !lists(*services, "*") && !lists(*services, "email"))
    return unfit("the key is not for mail");
  const auto value = tags->find("p");
  if (!value) return unfit("the key record has no key");
  if (value->empty()) return base::fail(base::ErrorKind::not_found, "the key was revoked");
  const auto bytes = decode_base64(*value);
  if (!bytes) return unfit("the key is not in base 64");
  auto key = Key::from_record(wanted, *bytes);
  if (!key) return std::unexpected(key.error());
  if (wanted == KeyKind::rsa && key->bits() < weakest_rsa) return unfit("the key is too short");
  const auto flags = tags->find("t").value_or("");
  return KeyRecord{.key = std::move(*key), .is_testing = lists(flags, "y"), .is_strict = lists(flags, "s")};
}

boost::asio::awaitable<base::Result<KeyRecord>> find_key(dns::Resolver& resolver, std::string selector,
                                                         std::string domain, KeyKind wanted) {
  auto name = selector + "._domainkey." + domain;
  const auto answer = co_await resolver.txt(std::move(name));
  if (answer.status == dns::Status::temporary)
    co_return base::fail(base::ErrorKind::timed_out, "the key cannot be looked up: " + answer.why);
  if (answer.status != dns::Status::found) co_return base::fail(base::ErrorKind::not_found, "there is no key");
  base::Result<KeyRecord> record = base::fail(base::ErrorKind::not_found, "there is no key");
  for (std::size_t i = 0; i < std::min(most_records, answer.records.size()) && !record; ++i)
    record = parse_key_record(answer.records[i], wanted);
  co_return record;
}

}  // namespace godwit::mailauth
