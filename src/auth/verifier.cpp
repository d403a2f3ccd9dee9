// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/verifier.hpp"

#include <memory>
#include <utility>

#include <openssl/crypto.h>

#include "godwit/auth/password.hpp"
#include "godwit/base/text.hpp"

namespace godwit::auth {
namespace {

// What a worker needs; shared, because a caller may be gone before the worker is done.  The password dies with it,
// wiped.
struct Job {
  Job(std::string given, std::string_view against) : password(std::move(given)), hash(against) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() { OPENSSL_cleanse(password.data(), password.size()); }

  std::string password;
  std::string hash;
};

enum class Compared { equal, different, skipped };

// A std::string parameter, emptied without leaving its bytes (a short one lies in the object itself, where moving
// leaves it).
void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.capacity());
  secret.clear();
}

}  // namespace

Verifier::Verifier(const Accounts& accounts, net::BoundedPool& pool, std::string origin, log::Logger& log)
    : accounts_(accounts), pool_(pool), origin_(std::move(origin)), log_(log) {}

boost::asio::awaitable<AuthOutcome> Verifier::verify(std::string user, std::string password,
                                                     std::function<bool()> gone) {
  const std::string name = canonical_name(user.contains('@') || origin_.empty() ? user : user + '@' + origin_);
  const std::shared_ptr<const AccountTable> table = accounts_.table();
  const Account* account = table->find(name);
  const bool can_log_in = account != nullptr && is_known_hash(account->password);
  if (account != nullptr && !can_log_in)
    log_.warn("login_impossible",
              {{"account", name}, {"reason", "no password, locked, or of a kind crypt(3) does not know"}});
  // Whoever cannot log in costs the same time: the password is compared with another's hash, and the result is not
  // used.
  auto job = std::make_shared<Job>(password, can_log_in ? std::string_view(account->password) : table->decoy(name));
  wipe(password);
  auto compare = [job, gone = std::move(gone)] {
    if (gone && gone()) return Compared::skipped;
    return password_matches(job->password, job->hash) ? Compared::equal : Compared::different;
  };
  job.reset();
  auto compared = co_await pool_.run(std::move(compare));
  if (!compared) {
    log_.warn("login_unavailable", {{"account", name}, {"reason", compared.error().message}});
    co_return AuthOutcome{AuthOutcome::Kind::unavailable, {}};
  }
  if (*compared == Compared::skipped) co_return AuthOutcome{AuthOutcome::Kind::abandoned, {}};
  if (!can_log_in || *compared == Compared::different) co_return AuthOutcome{AuthOutcome::Kind::rejected, {}};
  co_return AuthOutcome{AuthOutcome::Kind::accepted, account->name};
}

}  // namespace godwit::auth
