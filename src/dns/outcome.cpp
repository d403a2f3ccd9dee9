// SPDX-License-Identifier: Apache-2.0
#include "outcome.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace godwit::dns {
namespace {

const Record* find(const std::vector<Record>& records, std::string_view name, Type type) {
  const auto it =
      std::ranges::find_if(records, [&](const Record& record) { return record.type == type && record.name == name; });
  return it == records.end() ? nullptr : &*it;
}

// RFC 2308 section 5: the smaller of the SOA's own TTL and its minimum field; without a SOA the answer is not
// remembered.
std::optional<std::chrono::seconds> negative_ttl(const Message& message) {
  for (const auto& record : message.authority) {
    if (const auto* soa = std::get_if<Soa>(&record.data))
      return std::min(longest_negative_ttl, std::chrono::seconds(std::min(record.ttl, soa->minimum)));
  }
  return {};
}

// NOERROR, nothing answered, other servers named: the server does not recurse.  That must not be read as "no such
// record".
bool is_referral(const Message& message) {
  return !message.authoritative && message.answers.empty() &&
         std::ranges::any_of(message.authority, [](const Record& record) { return record.type == Type::ns; });
}

}  // namespace

Outcome temporary(std::string why) {
  Outcome outcome;
  outcome.why = std::move(why);
  return outcome;
}

Outcome evaluate(const Message& message, const Question& question) {
  if (message.rcode != Rcode::no_error && message.rcode != Rcode::name_error)
    return temporary(to_string(message.rcode));

  Outcome outcome;
  outcome.canonical_name = question.name;
  outcome.authentic = message.authentic;
  outcome.ttl = longest_ttl;
  while (find(message.answers, outcome.canonical_name, question.type) == nullptr) {
    const auto* alias = find(message.answers, outcome.canonical_name, Type::cname);
    if (alias == nullptr) break;
    if (++outcome.cnames > most_cnames) return temporary("too many CNAMEs");
    outcome.ttl = std::min(outcome.ttl, std::chrono::seconds(alias->ttl));
    outcome.canonical_name = std::get<std::string>(alias->data);
  }

  for (const auto& record : message.answers) {
    if (record.type != question.type || record.name != outcome.canonical_name) continue;
    if (std::ranges::find(outcome.records, record.data) == outcome.records.end())
      outcome.records.push_back(record.data);
    outcome.ttl = std::min(outcome.ttl, std::chrono::seconds(record.ttl));
  }
  if (!outcome.records.empty()) {
    outcome.status = Status::found;
    return outcome;
  }

  const auto negative = negative_ttl(message);
  if (message.rcode == Rcode::name_error) {
    outcome.status = Status::no_name;  // of the last name of the chain (RFC 6604 section 3)
  } else if (outcome.cnames > 0 && !negative) {
    outcome.incomplete = true;
    return outcome;
  } else if (!negative && is_referral(message)) {
    return temporary("the server does not recurse");
  } else {
    outcome.status = Status::no_data;
  }
  outcome.ttl = std::min(outcome.ttl, negative.value_or(std::chrono::seconds(0)));
  return outcome;
}

}  // namespace godwit::dns
