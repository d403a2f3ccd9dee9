// SPDX-License-Identifier: Apache-2.0
#include "resources.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "godwit/base/base64url.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/url.hpp"

namespace godwit::acme {
namespace {

namespace json = boost::json;

constexpr std::string_view error_prefix = "urn:ietf:params:acme:error:";
constexpr std::size_t longest_text = 400;  // of a problem
constexpr std::size_t most_told = 8;       // problems of single names
constexpr std::size_t most_authorizations = 200;
constexpr std::size_t longest_token = 256;  // also a file's name

base::Result<json::object> object_in(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object())
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("the authority's {} is no JSON object: {}", what, base::printable(text, 80)));
  return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::array* list_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_array() : nullptr;
}

std::unexpected<base::Error> lacks(std::string_view what, std::string_view key) {
  return base::fail(base::ErrorKind::invalid, fmt::format("the authority's {} has no usable \"{}\"", what, key));
}

std::string name_of(const json::object& object) {
  const auto* identifier = object.if_contains("identifier");
  return identifier != nullptr && identifier->is_object() ? text_at(identifier->get_object(), "value") : std::string();
}

std::string shortened(const std::string& text) {
  return text.size() <= longest_text ? text : base::to_valid_utf8(text.substr(0, longest_text)) + "...";
}

std::string short_type(const json::object& object) {
  const auto type = text_at(object, "type");
  return type.starts_with(error_prefix) ? type.substr(error_prefix.size()) : type;
}

std::string sentence(const json::object& object) {
  const auto type = short_type(object), detail = text_at(object, "detail");
  return type.empty() || detail.empty() ? type + detail : type + ": " + detail;
}

Problem problem_of(const json::object& object) {
  Problem problem{.type = short_type(object), .text = sentence(object)};
  std::string parts;
  const auto* each = list_at(object, "subproblems");
  for (std::size_t i = 0; each != nullptr && i < std::min(each->size(), most_told); ++i) {
    const auto* part = (*each)[i].if_object();
    if (part == nullptr) continue;
    const auto name = name_of(*part);
    parts += (parts.empty() ? "" : "; ") + (name.empty() ? "" : name + ": ") + sentence(*part);
  }
  if (!parts.empty()) problem.text += " (" + parts + ")";
  problem.type = shortened(problem.type);
  problem.text = shortened(problem.text);
  return problem;
}

std::optional<Problem> problem_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_object()) return {};
  return problem_of(value->get_object());
}

bool is_token(std::string_view token) {
  return token.size() <= longest_token && base::is_base64url(token);
}

bool is_known(std::string_view type) {
  return type == to_string(ChallengeKind::http_01) || type == to_string(ChallengeKind::tls_alpn_01);
}

}  // namespace

std::string_view to_string(ChallengeKind kind) {
  return kind == ChallengeKind::http_01 ? "http-01" : "tls-alpn-01";
}

bool is_https(std::string_view url) {
  const auto parsed = net::parse_url(url);
  return parsed && parsed->tls;
}

base::Result<Directory> parse_directory(std::string_view text) {
  const auto object = object_in(text, "directory");
  if (!object) return std::unexpected(object.error());
  Directory directory{.new_nonce = text_at(*object, "newNonce"),
                      .new_account = text_at(*object, "newAccount"),
                      .new_order = text_at(*object, "newOrder")};
  if (!is_https(directory.new_nonce)) return lacks("directory", "newNonce");
  if (!is_https(directory.new_account)) return lacks("directory", "newAccount");
  if (!is_https(directory.new_order)) return lacks("directory", "newOrder");
  const auto* meta = object->if_contains("meta");
  if (meta == nullptr || !meta->is_object()) return directory;
  const auto* wanted = meta->get_object().if_contains("externalAccountRequired");
  directory.wants_external_account = wanted != nullptr && wanted->is_bool() && wanted->get_bool();
  return directory;
}

base::Result<Authorization> parse_authorization(std::string_view text) {
  constexpr std::string_view what = "authorization";
  const auto object = object_in(text, what);
  if (!object) return std::unexpected(object.error());
  Authorization authorization{.name = base::to_lower(name_of(*object)), .status = text_at(*object, "status")};
  if (authorization.name.empty()) return lacks(what, "identifier");
  if (authorization.status.empty()) return lacks(what, "status");
  const auto* challenges = list_at(*object, "challenges");
  if (challenges == nullptr) return lacks(what, "challenges");
  for (const auto& each : *challenges) {
    const auto* one = each.if_object();
    if (one == nullptr || !is_known(text_at(*one, "type"))) continue;
    Challenge challenge{.type = text_at(*one, "type"),
                        .status = text_at(*one, "status"),
                        .url = text_at(*one, "url"),
                        .token = text_at(*one, "token"),
                        .problem = problem_at(*one, "error")};
    if (!is_https(challenge.url)) return lacks("challenge", "url");
    if (!is_token(challenge.token)) return lacks("challenge", "token");
    authorization.challenges.push_back(std::move(challenge));
  }
  return authorization;
}

base::Result<Order> parse_order(std::string_view text) {
  constexpr std::string_view what = "order";
  const auto object = object_in(text, what);
  if (!object) return std::unexpected(object.error());
  Order order{.status = text_at(*object, "status"),
              .authorizations = {},
              .finalize = text_at(*object, "finalize"),
              .certificate = text_at(*object, "certificate"),
              .problem = problem_at(*object, "error")};
  if (order.status.empty()) return lacks(what, "status");
  if (!is_https(order.finalize)) return lacks(what, "finalize");
  if (!order.certificate.empty() && !is_https(order.certificate)) return lacks(what, "certificate");
  const auto* all = list_at(*object, "authorizations");
  if (all == nullptr || all->empty() || all->size() > most_authorizations) return lacks(what, "authorizations");
  for (const auto& each : *all) {
    if (!each.is_string() || !is_https(each.get_string())) return lacks(what, "authorizations");
    order.authorizations.emplace_back(each.get_string());
  }
  return order;
}

Problem parse_problem(unsigned status, std::string_view text) {
  const auto object = object_in(text, "problem");
  auto problem = object ? problem_of(*object) : Problem();
  if (problem.text.empty()) problem.text = fmt::format("HTTP status {}: {}", status, base::printable(text, 80));
  return problem;
}

std::optional<base::Duration> parse_retry_after(const std::string& text, base::WallTime now) {
  constexpr std::uint64_t longest = std::uint64_t{366} * 24 * 3600;
  if (const auto seconds = base::parse_unsigned(text))
    return std::chrono::seconds(static_cast<std::int64_t>(std::min(*seconds, longest)));
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  std::tm date{};
  stream >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
  if (stream.fail()) return {};
  const base::WallTime then(std::chrono::seconds(::timegm(&date)));
  return std::clamp<base::Duration>(then - now, base::Duration::zero(), std::chrono::seconds(longest));
}

}  // namespace godwit::acme
