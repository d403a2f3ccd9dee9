// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/introspection.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <openssl/evp.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "godwit/base/encoding.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "http_post.hpp"

namespace godwit::auth {
namespace {

namespace json = boost::json;
using AnswerKind = Introspection::Answer::Kind;

Introspection::Answer no_answer(std::string reason) {
  return {.kind = AnswerKind::unavailable, .user = {}, .reason = std::move(reason)};
}

Introspection::Answer bad(std::string reason) {
  return {.kind = AnswerKind::bad, .user = {}, .reason = std::move(reason)};
}

// No token is kept itself.
std::string hash_of(const std::string& token) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(token.data(), token.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(), nullptr);
  digest.resize(size);
  return digest;
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

// "scope" is a list with blanks between (RFC 7662 section 2.2).
bool has_scope(const json::object& object, const std::string& wanted) {
  if (wanted.empty()) return true;
  const auto scopes = base::split(text_of(object, "scope"), ' ');
  return std::ranges::find(scopes, wanted) != scopes.end();
}

}  // namespace

Introspection::Introspection(IntrospectionSettings settings, const BackEndParts& parts)
    : settings_(std::move(settings)), parts_(parts) {}

boost::asio::awaitable<Introspection::Answer> Introspection::ask(std::string token) {
  Answer answer;
  if (is_kept(hash_of(token), answer.user)) {
    answer.kind = AnswerKind::good;
    co_return answer;
  }
  auto work = [self = shared_from_this(), token = std::move(token)] { return self->ask_now(token); };
  auto asked = co_await parts_.pool.run(std::move(work));
  if (asked)
    answer = *std::move(asked);
  else
    answer = no_answer(asked.error().message);
  co_return answer;
}

bool Introspection::is_kept(const std::string& key, std::string& user) {
  const std::lock_guard lock(mutex_);
  const Kept* kept = kept_.find(key);
  if (kept == nullptr || kept->until <= parts_.clock.mono()) return false;
  user = kept->user;
  return true;
}

Introspection::Answer Introspection::ask_now(const std::string& token) {
  const HttpPost post{.url = settings_.url,
                      .ca_file = settings_.ca_file,
                      .user = settings_.client_id,
                      .password = settings_.client_secret,
                      .form = "token=" + base::percent_encode(token) + "&token_type_hint=access_token"};
  const auto answered = http_post(post, parts_.clock.mono() + settings_.timeout, parts_.clock);
  if (!answered) return no_answer(answered.error().message);
  if (answered->status != 200) return no_answer("the authorization server says " + std::to_string(answered->status));
  return understand(answered->body, hash_of(token));
}

Introspection::Answer Introspection::understand(const std::string& body, const std::string& key) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* object = value.if_object();
  if (error || object == nullptr) return no_answer("the authorization server's answer is no JSON object");
  const json::value* active = object->if_contains("active");
  if (active == nullptr || !active->is_bool()) return no_answer("the authorization server's answer has no \"active\"");
  if (!active->get_bool()) return bad("the token is not active");
  const std::string user(text_of(*object, settings_.user_claim));
  if (user.empty()) return bad("the token has no claim " + settings_.user_claim);
  if (!has_scope(*object, settings_.scope)) return bad("the token has not the scope " + settings_.scope);
  base::Duration keep = settings_.cache;
  if (const json::value* end = object->if_contains("exp"); end != nullptr) {
    boost::system::error_code no_number;
    const auto seconds = end->to_number<std::int64_t>(no_number);
    const auto left = base::WallTime(std::chrono::seconds(no_number ? 0 : seconds)) - parts_.clock.wall();
    if (left <= base::Duration::zero()) return bad("the token has expired");
    keep = std::min(keep, left);
  }
  if (keep > base::Duration::zero()) {
    const std::lock_guard lock(mutex_);
    kept_.touch(key) = {.user = user, .until = parts_.clock.mono() + keep};
  }
  return {.kind = AnswerKind::good, .user = user, .reason = {}};
}

}  // namespace godwit::auth
