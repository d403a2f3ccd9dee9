// SPDX-License-Identifier: Apache-2.0
// A table of an SQL database, asked by a query with one parameter, the user's address.
#pragma once

#include <memory>
#include <string>

#include "blocking_store.hpp"
#include "godwit/lookup/database.hpp"

namespace godwit::auth {

class SqlStore final : public BlockingStore {
 public:
  SqlStore(StoreSettings settings, const BackEndParts& parts);
  bool serves_scram() const override { return settings_.scram; }
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override { return find_name(login.user, deadline); }
  Answer find_name(const std::string& user, base::MonoTime deadline) override;

 private:
  std::unique_ptr<lookup::Database> database_;
};

}  // namespace godwit::auth
