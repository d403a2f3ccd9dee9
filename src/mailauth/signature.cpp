// SPDX-License-Identifier: Apache-2.0
#include "signature.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "canonical.hpp"
#include "domain.hpp"
#include "godwit/base/text.hpp"
#include "sha256.hpp"
#include "tag_list.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t most_fields = 256;  // of h=
constexpr std::size_t shown = 8;          // of b= (RFC 6008 section 4)

using Wrong = std::optional<base::Error>;

Wrong wrong(std::string text) {
  return base::Error{.kind = base::ErrorKind::invalid, .message = std::move(text)};
}

Wrong read_algorithm(const TagList& tags, Signature& into) {
  into.algorithm = tags.find("a").value_or("");
  if (into.algorithm == "rsa-sha256") {
    into.key_kind = KeyKind::rsa;
  } else if (into.algorithm == "ed25519-sha256") {
    into.key_kind = KeyKind::ed25519;
  } else {  // also rsa-sha1 (RFC 8301 section 3.1)
    const auto named = base::printable(std::exchange(into.algorithm, {}), 32);
    return wrong("the algorithm \"" + named + "\" is not accepted");
  }
  return {};
}

std::optional<Canonical> form_named(std::string_view name) {
  if (name == "simple") return Canonical::simple;
  if (name == "relaxed") return Canonical::relaxed;
  return {};
}

Wrong read_forms(const TagList& tags, SignatureKind kind, Signature& into) {
  const auto value = tags.find("c");
  if (!value) {
    // In a chain those who leave it out mean the relaxed forms: the validation suite of RFC 8617's draft has it so.
    if (kind == SignatureKind::arc_message) into.header_form = into.body.form = Canonical::relaxed;
    return {};
  }
  const auto slash = value->find('/');
  const auto header = form_named(value->substr(0, slash));
  const auto body = slash == std::string_view::npos ? Canonical::simple : form_named(value->substr(slash + 1));
  if (!header || !body) return wrong("an unknown canonical form");
  into.header_form = *header;
  into.body.form = *body;
  return {};
}

Wrong read_numbers(const TagList& tags, Signature& into) {
  const std::pair<std::string_view, std::optional<std::uint64_t>&> numbers[] = {
      {"l", into.body.length}, {"t", into.made}, {"x", into.expires}};
  for (const auto& [name, number] : numbers) {
    const auto value = tags.find(name);
    if (!value) continue;
    number = base::parse_unsigned(*value);
    if (!number) return wrong("the tag \"" + std::string(name) + "\" is no number");
  }
  if (into.made && into.expires && *into.expires < *into.made) return wrong("it expires before it was made");
  return {};
}

Wrong read_fields(const TagList& tags, SignatureKind kind, Signature& into) {
  const auto value = tags.find("h");
  if (!value) return wrong("no list of signed fields");
  into.fields = split_colons(*value);
  if (into.fields.size() > most_fields) return wrong("it signs too many header fields");
  std::erase(into.fields, std::string());
  const auto is_from = [](const std::string& name) { return base::iequals(name, "from"); };
  if (kind == SignatureKind::dkim && std::ranges::none_of(into.fields, is_from)) return wrong("From is not signed");
  return {};
}

Wrong read_body_hash(const TagList& tags, Signature& into) {
  auto hash = decode_base64(tags.find("bh").value_or(""));
  if (!hash || hash->empty()) return wrong("no hash of the body");
  into.body_hash = std::move(*hash);
  return {};
}

Wrong read_bytes(const TagList& tags, Signature& into) {
  const auto* value = tags.tag("b");
  if (value == nullptr || value->value.empty()) return wrong("no signature");
  into.value_begin = value->begin;
  into.value_end = value->end;
  const auto text = without_space(value->value);
  into.signature_start = text.substr(0, shown);
  auto signature = decode_base64(text);
  if (!signature) return wrong("the signature is not in base 64");
  into.signature = std::move(*signature);
  return {};
}

// Section 3.5: i= is within d=.
Wrong read_identity(const TagList& tags, Signature& into) {
  const auto value = tags.find("i");
  if (!value) return {};
  into.identity = without_space(*value);
  const auto at = into.identity.rfind('@');
  if (at == std::string::npos || !is_same_or_below(std::string_view(into.identity).substr(at + 1), into.domain)) {
    into.identity.clear();
    return wrong("the identity is not within the domain");
  }
  return {};
}

Wrong read_dkim(const TagList& tags, Signature& into) {
  if (tags.find("v") != "1") return wrong("not version 1");
  if (const auto queries = tags.find("q")) {
    const auto methods = split_colons(*queries);
    if (std::ranges::find(methods, "dns/txt") == methods.end()) return wrong("an unknown way to its key");
  }
  return read_identity(tags, into);
}

}  // namespace

ReadSignature read_signature(const mail::HeaderField& field, SignatureKind kind) {
  ReadSignature result;
  auto& into = result.signature;
  into.field = field;
  const auto tags = TagList::parse(field.body);
  if (!tags) {
    result.error = tags.error();
    return result;
  }
  into.domain = base::to_lower(without_space(tags->find("d").value_or("")));
  into.selector = without_space(tags->find("s").value_or(""));
  if (!is_domain_name(into.domain)) {
    into.domain.clear();
    result.error = wrong("no domain");
  } else if (!is_domain_name(into.selector)) {
    into.selector.clear();
    result.error = wrong("no selector");
  }
  if (!result.error) result.error = read_bytes(*tags, into);
  if (!result.error) result.error = read_algorithm(*tags, into);
  if (!result.error) result.error = read_numbers(*tags, into);
  if (kind == SignatureKind::arc_seal) {
    if (!result.error && tags->find("h")) result.error = wrong("a seal that signs fields");
    return result;
  }
  if (!result.error) result.error = read_body_hash(*tags, into);
  if (!result.error) result.error = read_forms(*tags, kind, into);
  if (!result.error) result.error = read_fields(*tags, kind, into);
  if (!result.error && kind == SignatureKind::dkim) result.error = read_dkim(*tags, into);
  return result;
}

std::string unsigned_field(const mail::HeaderField& field, std::size_t begin, std::size_t end, Canonical form) {
  std::string body(field.body.substr(0, begin));
  body += field.body.substr(end);
  auto text = canonical_field(field, body, form);
  text.resize(text.size() - 2);
  return text;
}

std::string signed_digest(const std::vector<mail::HeaderField>& header, const Signature& signature) {
  Sha256 hash;
  std::map<std::string, std::size_t> next;  // by name: above which field of the header the next one is looked for
  for (const auto& name : signature.fields) {
    auto& above = next.try_emplace(base::to_lower(name), header.size()).first->second;
    while (above > 0 && !base::iequals(header[above - 1].name, name)) --above;
    if (above == 0) continue;  // none left: that there is none is what is signed
    --above;
    const auto& field = header[above];
    hash.put(canonical_field(field, field.body, signature.header_form));
  }
  hash.put(unsigned_field(signature.field, signature.value_begin, signature.value_end, signature.header_form));
  return hash.finish();
}

}  // namespace godwit::mailauth
