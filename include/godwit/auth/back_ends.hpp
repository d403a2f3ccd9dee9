// SPDX-License-Identifier: Apache-2.0
// The stores besides the file: Dovecot's and saslauthd's sockets, SQL tables, LDAP directories.  Their libraries block,
// so each look-up runs on a pool; one that fails lets its store rest for a moment, so that what does not answer takes
// no thread from the others.
#pragma once

#include <memory>

#include "godwit/auth/settings.hpp"
#include "godwit/auth/store.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/worker_pool.hpp"

namespace godwit::auth {

// All outlive the stores.
struct BackEndParts {
  net::BoundedPool& pool;
  const base::Clock& clock;
  base::Random& random;
};

class BackEnd : public Store {
 public:
  // Whether it can be asked now; the error says why not.  Blocks: for --check.
  virtual base::Result<> probe() = 0;
};

// Requires: settings.type is not file.
std::shared_ptr<BackEnd> make_back_end(const StoreSettings& settings, const BackEndParts& parts);

}  // namespace godwit::auth
