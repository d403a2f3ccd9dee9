// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace godwit::acme {
namespace {

namespace json = boost::json;

json::object record_in(std::string_view text) {
  boost::system::error_code error;
  auto value = json::parse(text, error);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::string word_at(const json::object& record, std::string_view key) {
  const auto* value = record.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<std::string> words_at(const json::object& record, std::string_view key) {
  std::vector<std::string> words;
  const auto* value = record.if_contains(key);
  const auto* list = value != nullptr ? value->if_array() : nullptr;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
    if ((*list)[i].is_string()) words.emplace_back((*list)[i].get_string());
  return words;
}

base::WallTime time_at(const json::object& record, std::string_view key) {
  return base::parse_rfc3339(word_at(record, key)).value_or(base::WallTime{});
}

json::array list_of(const std::vector<std::string>& words) {
  json::array list;
  for (const auto& word : words) list.emplace_back(word);
  return list;
}

}  // namespace

std::string to_text(const KeptAccount& account) {
  return json::serialize(
      json::object{{"directory", account.directory}, {"url", account.url}, {"contact", list_of(account.contact)}});
}

std::string to_text(const KeptOrder& order) {
  return json::serialize(
      json::object{{"directory", order.directory}, {"names", list_of(order.names)}, {"url", order.url}});
}

std::string to_text(const Attempts& attempts) {
  return json::serialize(json::object{{"terms", attempts.terms},
                                      {"failures", attempts.failures},
                                      {"last", base::format_rfc3339(attempts.last)},
                                      {"not_before", base::format_rfc3339(attempts.not_before)},
                                      {"error", attempts.error}});
}

KeptAccount account_in(std::string_view text) {
  const auto record = record_in(text);
  return {
      .directory = word_at(record, "directory"), .url = word_at(record, "url"), .contact = words_at(record, "contact")};
}

KeptOrder order_in(std::string_view text) {
  const auto record = record_in(text);
  return {.directory = word_at(record, "directory"), .names = words_at(record, "names"), .url = word_at(record, "url")};
}

Attempts attempts_in(std::string_view text) {
  const auto record = record_in(text);
  const auto* failures = record.if_contains("failures");
  Attempts attempts{.terms = word_at(record, "terms"),
                    .failures = 0,
                    .last = time_at(record, "last"),
                    .not_before = time_at(record, "not_before"),
                    .error = word_at(record, "error")};
  if (failures != nullptr && failures->is_int64() && failures->get_int64() > 0)
    attempts.failures = static_cast<unsigned>(std::min<std::int64_t>(failures->get_int64(), 1000));
  return attempts;
}

}  // namespace godwit::acme
