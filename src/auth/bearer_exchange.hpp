// SPDX-License-Identifier: Apache-2.0
// OAUTHBEARER and XOAUTH2: a token that the authorization server vouches for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "godwit/auth/introspection.hpp"
#include "godwit/auth/verifier.hpp"

namespace godwit::auth {

class Verifier::BearerExchange final : public Exchange {
 public:
  enum class Variant { oauthbearer, xoauth2 };
  BearerExchange(Verifier& verifier, Variant variant, std::shared_ptr<Introspection> introspection)
      : verifier_(verifier), variant_(variant), introspection_(std::move(introspection)) {}

  boost::asio::awaitable<Step> next(std::string response) override;
  const std::string& user() const override { return user_; }

 private:
  Step refuse();

  Verifier& verifier_;
  Variant variant_;
  std::shared_ptr<Introspection> introspection_;
  std::string user_;
  std::uint64_t mark_ = 0;
  bool refused_ = false;  // the client was told why, and owes an answer
};

}  // namespace godwit::auth
