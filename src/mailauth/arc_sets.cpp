// SPDX-License-Identifier: Apache-2.0
#include "arc_sets.hpp"

#include <algorithm>
#include <utility>

#include "canonical.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/arc.hpp"
#include "sha256.hpp"
#include "signature.hpp"
#include "tag_list.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view results_name = "ARC-Authentication-Results";
constexpr std::string_view message_name = "ARC-Message-Signature";
constexpr std::string_view seal_name = "ARC-Seal";

// Of results the number comes first, and what follows is no list of tags.
std::optional<std::uint64_t> instance_of(const mail::HeaderField& field) {
  auto text = field.body;
  if (base::iequals(field.name, results_name)) {
    const auto end = text.find(';');
    if (end == std::string_view::npos) return {};
    text = text.substr(0, end);
  }
  const auto tags = TagList::parse(text);
  if (!tags) return {};
  const auto number = base::parse_unsigned(tags->find("i").value_or(""));
  if (!number || *number == 0 || *number > most_instances) return {};
  return number;
}

std::optional<mail::HeaderField>* part_of(ArcSet& set, std::string_view name) {
  if (base::iequals(name, results_name)) return &set.results;
  if (base::iequals(name, message_name)) return &set.message;
  if (base::iequals(name, seal_name)) return &set.seal;
  return nullptr;
}

std::unexpected<base::Error> broken(std::string text) {
  return base::fail(base::ErrorKind::invalid, std::move(text));
}

}  // namespace

base::Result<std::vector<ArcSet>> find_arc_sets(const mail::Header& header) {
  std::vector<ArcSet> sets;
  for (const auto& field : header.fields()) {
    ArcSet probe;
    if (part_of(probe, field.name) == nullptr) continue;
    const auto instance = instance_of(field);
    if (!instance) return broken("a field of the chain without its number");
    if (sets.size() < *instance) sets.resize(*instance);
    auto* part = part_of(sets[*instance - 1], field.name);
    if (part->has_value()) return broken("a field of the chain comes twice");
    *part = field;
  }
  const auto whole = [](const ArcSet& set) { return set.results && set.message && set.seal; };
  if (!std::ranges::all_of(sets, whole)) return broken("the chain has a gap");
  return sets;
}

std::string sealed_digest(const std::vector<ArcSet>& sets, std::size_t begin, std::size_t end) {
  Sha256 hash;
  for (const auto& set : sets) {
    hash.put(canonical_field(*set.results, set.results->body, Canonical::relaxed));
    hash.put(canonical_field(*set.message, set.message->body, Canonical::relaxed));
    if (&set == &sets.back())
      hash.put(unsigned_field(*set.seal, begin, end, Canonical::relaxed));
    else
      hash.put(canonical_field(*set.seal, set.seal->body, Canonical::relaxed));
  }
  return hash.finish();
}

}  // namespace godwit::mailauth
