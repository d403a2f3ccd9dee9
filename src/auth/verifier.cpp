// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/verifier.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "bearer_exchange.hpp"
#include "godwit/auth/password.hpp"
#include "scram_exchange.hpp"

namespace godwit::auth {
namespace {

enum class Compared { equal, different, skipped };

// A std::string parameter, emptied without leaving its bytes (a short one lies in the object itself, where moving
// leaves it).
void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.capacity());
  secret.clear();
}

// As its administrator marks it; one without a password alone is not locked.
bool is_locked(const Account& account) {
  return account.password.starts_with('!') || account.password.starts_with('*');
}

bool is_gone(const Login& login) {
  return login.gone && login.gone();
}

AuthOutcome accepted(const Account& account) {
  return {.kind = AuthOutcome::Kind::accepted, .account = account.name, .senders = account.senders};
}

}  // namespace

Verifier::Verifier(const Parts& parts, std::string origin) : parts_(parts), origin_(std::move(origin)) {}

bool Verifier::offers_scram() const {
  const auto list = parts_.stores.list();
  return !list->empty() && std::ranges::all_of(*list, [](const auto& store) { return store->serves_scram(); });
}

std::string Verifier::name_of(std::string_view user) const {
  return canonical_name(user.contains('@') || origin_.empty() ? std::string(user) : std::string(user) + '@' + origin_);
}

smtp::ScramKeys Verifier::decoy_keys(const std::string& name) const {
  return smtp::decoy_scram_keys(name, decoy_secret_, parts_.accounts.table()->decoy_shape(name));
}

// Says nothing of the password to whoever does not know the secret.
std::uint64_t Verifier::mark_of(const Login& login) const {
  std::string tried = login.user + '\0' + login.password;
  std::array<unsigned char, 32> code{};
  HMAC(EVP_sha256(), decoy_secret_.data(), static_cast<int>(decoy_secret_.size()),
       reinterpret_cast<const unsigned char*>(tried.data()), tried.size(), code.data(), nullptr);
  wipe(tried);
  std::uint64_t mark = 0;
  std::memcpy(&mark, code.data(), sizeof mark);
  return mark;
}

void Verifier::report_unable(const Answer& found, std::string_view why) {
  if (found.kind == Answer::Kind::entry)
    parts_.log.warn("login_impossible", {{"account", found.account.name}, {"reason", why}});
}

boost::asio::awaitable<Answer> Verifier::find(std::shared_ptr<const Login> login) {
  const auto list = parts_.stores.list();
  Answer answer;
  for (const auto& store : *list) {
    answer = co_await store->ask(login);
    if (answer.kind == Answer::Kind::unknown) continue;
    if (answer.kind == Answer::Kind::unavailable && !is_gone(*login))
      parts_.log.warn("login_unavailable",
                      {{"account", login->user}, {"store", store->name()}, {"reason", answer.reason}});
    break;
  }
  co_return answer;
}

boost::asio::awaitable<AuthOutcome> Verifier::verify(std::string user, std::string password, Peer peer) {
  auto login = std::make_shared<Login>();
  login->user = name_of(user);
  login->password = password;
  login->client = peer.address;
  login->gone = std::move(peer.gone);
  wipe(password);
  const std::uint64_t mark = mark_of(*login);
  std::shared_ptr<const Login> asked = std::move(login);
  Answer found = co_await find(asked);
  AuthOutcome outcome;
  switch (found.kind) {
    case Answer::Kind::accepted:
      outcome = accepted(found.account);
      break;
    case Answer::Kind::rejected:
      break;
    case Answer::Kind::unavailable:
      outcome.kind = is_gone(*asked) ? AuthOutcome::Kind::abandoned : AuthOutcome::Kind::unavailable;
      break;
    case Answer::Kind::unknown:
    case Answer::Kind::entry:
      outcome = co_await compare(std::move(asked), std::move(found));
      break;
  }
  if (outcome.kind == AuthOutcome::Kind::rejected) outcome.mark = mark;
  co_return outcome;
}

boost::asio::awaitable<AuthOutcome> Verifier::recognize(std::vector<std::string> names, Peer peer) {
  AuthOutcome outcome;
  for (const auto& name : names) {
    auto login = std::make_shared<Login>();
    login->user = name_of(name);
    login->client = peer.address;
    login->gone = peer.gone;
    std::shared_ptr<const Login> asked = std::move(login);
    const Answer found = co_await find(std::move(asked));
    if (found.kind == Answer::Kind::unavailable) outcome.kind = AuthOutcome::Kind::unavailable;
    if (found.kind != Answer::Kind::entry || is_locked(found.account)) continue;
    outcome = accepted(found.account);
    break;
  }
  co_return outcome;
}

// Whoever cannot log in costs the same time: the password is compared with another's secrets, and the result is not
// used.
boost::asio::awaitable<AuthOutcome> Verifier::compare(std::shared_ptr<const Login> login, Answer found) {
  const bool able = found.kind == Answer::Kind::entry && can_log_in(found.account);
  if (!able) report_unable(found, "no password, locked, or of a kind crypt(3) does not know");
  Account against = able ? found.account : parts_.accounts.table()->decoy(login->user);
  Secrets secrets{.hash = std::move(against.password), .scram = std::move(against.scram)};
  auto work = [login, secrets = std::move(secrets)] {
    if (is_gone(*login)) return Compared::skipped;
    return password_matches(login->password, secrets) ? Compared::equal : Compared::different;
  };
  auto compared = co_await parts_.pool.run(std::move(work));
  AuthOutcome outcome;
  if (!compared) {
    parts_.log.warn("login_unavailable", {{"account", login->user}, {"reason", compared.error().message}});
    outcome.kind = AuthOutcome::Kind::unavailable;
  } else if (*compared == Compared::skipped) {
    outcome.kind = AuthOutcome::Kind::abandoned;
  } else if (able && *compared == Compared::equal) {
    outcome = accepted(found.account);
  }
  co_return outcome;
}

std::unique_ptr<Exchange> Verifier::begin(std::string_view mechanism, Peer peer,
                                          const smtp::ChannelBindings& bindings) {
  using Variant = smtp::ScramServer::Variant;
  if (mechanism == "SCRAM-SHA-256")
    return std::make_unique<ScramExchange>(*this, Variant::plain, std::move(peer), bindings);
  if (mechanism == "SCRAM-SHA-256-PLUS")
    return std::make_unique<ScramExchange>(*this, Variant::plus, std::move(peer), bindings);
  auto introspection = introspection_.load();
  if (introspection && mechanism == "OAUTHBEARER")
    return std::make_unique<BearerExchange>(*this, BearerExchange::Variant::oauthbearer, std::move(introspection));
  if (introspection && mechanism == "XOAUTH2")
    return std::make_unique<BearerExchange>(*this, BearerExchange::Variant::xoauth2, std::move(introspection));
  return nullptr;
}

}  // namespace godwit::auth
