// SPDX-License-Identifier: Apache-2.0
// Whether a bearer token is good and whose it is, asked of the authorization server (OAuth 2.0 Token Introspection, RFC
// 7662, over HTTP or HTTPS) on a pool.  What is good is remembered for a while, never beyond the token's end.  Callable
// from any reactor; resumes there.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/back_ends.hpp"
#include "godwit/auth/settings.hpp"
#include "godwit/base/recent_map.hpp"

namespace godwit::auth {

class Introspection : public std::enable_shared_from_this<Introspection> {
 public:
  struct Answer {
    enum class Kind { good, bad, unavailable } kind = Kind::bad;
    std::string user = {};    // good: what the claim says
    std::string reason = {};  // else
  };

  Introspection(IntrospectionSettings settings, const BackEndParts& parts);

  boost::asio::awaitable<Answer> ask(std::string token);
  // The same, blocking.
  Answer ask_now(const std::string& token);
  const std::string& scope() const { return settings_.scope; }

 private:
  struct Kept {
    std::string user;
    base::MonoTime until{};
  };
  bool is_kept(const std::string& key, std::string& user);
  // The answer's JSON.
  Answer understand(const std::string& body, const std::string& key);

  const IntrospectionSettings settings_;
  const BackEndParts parts_;
  std::mutex mutex_;
  base::RecentMap<std::string, Kept> kept_{10'000};  // by the token's hash
};

}  // namespace godwit::auth
