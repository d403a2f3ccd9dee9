// SPDX-License-Identifier: Apache-2.0
// SCRAM over the stores: smtp/scram is the mechanism, this looks the keys up.  Who is unknown, locked or without keys
// gets decoy keys and fails at the proof, like a wrong password.
#pragma once

#include <optional>
#include <string>

#include "godwit/auth/verifier.hpp"

namespace godwit::auth {

class Verifier::ScramExchange final : public Exchange {
 public:
  ScramExchange(Verifier& verifier, smtp::ScramServer::Variant variant, Peer peer,
                const smtp::ChannelBindings& bindings);

  boost::asio::awaitable<Step> next(std::string response) override;
  const std::string& user() const override { return user_; }

 private:
  enum class Stage { first, last, confirmation };
  boost::asio::awaitable<Step> first(std::string response);
  Step last(const std::string& response);
  Step confirmation(const std::string& response) const;

  Verifier& verifier_;
  Peer peer_;
  smtp::ScramServer server_;
  Stage stage_ = Stage::first;
  std::string user_;
  std::optional<Account> account_;
};

}  // namespace godwit::auth
