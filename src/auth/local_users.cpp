// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/local_users.hpp"

#include <cerrno>
#include <utility>
#include <vector>

#include <pwd.h>

#include <fmt/format.h>

namespace godwit::auth {
namespace {

constexpr base::Duration kept_for = std::chrono::minutes(1);
constexpr std::size_t first_buffer = 4U << 10U;
constexpr std::size_t greatest_buffer = 1U << 20U;

}  // namespace

base::Result<std::optional<std::string>> look_up_user(uid_t user) {
  for (std::size_t size = first_buffer;; size *= 2) {
    std::vector<char> buffer(size);
    passwd entry{};
    passwd* found = nullptr;
    const int code = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
    if (code == ERANGE && size < greatest_buffer) continue;
    if (code == EINTR) continue;
    if (found != nullptr) return std::string(found->pw_name);
    // getpwuid(3): these mean that there is no such user.
    if (code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM)
      return std::optional<std::string>();
    return base::fail_os(fmt::format("user {}", user), code);
  }
}

std::string name_of_unknown(uid_t user) {
  return fmt::format("uid{}", user);
}

LocalUsers::LocalUsers(net::BoundedPool& pool, const base::Clock& clock, UserLookup lookup)
    : pool_(pool), clock_(clock), lookup_(std::move(lookup)) {}

boost::asio::awaitable<base::Result<std::string>> LocalUsers::name_of(uid_t user) {
  if (auto known = kept(user)) co_return std::move(*known);
  auto ask = [lookup = lookup_, user] { return lookup(user); };
  auto found = co_await pool_.run(std::move(ask));
  if (!found) co_return std::unexpected(std::move(found.error()));
  std::string name = found->has_value() ? std::move(**found) : name_of_unknown(user);
  keep(user, name);
  co_return name;
}

std::optional<std::string> LocalUsers::kept(uid_t user) const {
  const std::scoped_lock lock(mutex_);
  const auto found = names_.find(user);
  if (found == names_.end() || found->second.until <= clock_.mono()) return {};
  return found->second.name;
}

void LocalUsers::keep(uid_t user, std::string name) {
  const std::scoped_lock lock(mutex_);
  if (names_.size() >= max_kept) names_.clear();
  names_.insert_or_assign(user, Kept{.name = std::move(name), .until = clock_.mono() + kept_for});
}

}  // namespace godwit::auth
