// SPDX-License-Identifier: Apache-2.0
// saslauthd's socket, for PAM and whatever else it verifies with: a connection each login.  It does not tell an unknown
// name from a wrong password.
#pragma once

#include <string>
#include <utility>

#include "blocking_store.hpp"

namespace godwit::auth {

class SaslauthdStore final : public BlockingStore {
 public:
  using BlockingStore::BlockingStore;
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;
  Answer find_name(const std::string&, base::MonoTime) override { return unavailable("it cannot tell"); }
};

}  // namespace godwit::auth
