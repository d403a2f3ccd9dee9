// SPDX-License-Identifier: Apache-2.0
// Dovecot's auth socket (its authentication protocol 1.1 and later, the client's side), mechanism PLAIN.  It does not
// tell an unknown name from a wrong password.  Its own slowing of failures is not used: ours is.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "blocking_store.hpp"
#include "idle_list.hpp"
#include "local_socket.hpp"

namespace godwit::auth {

class DovecotStore final : public BlockingStore {
 public:
  using BlockingStore::BlockingStore;
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;

 private:
  struct Connection {
    explicit Connection(const base::Clock& clock) : socket(clock) {}
    LocalSocket socket;
    unsigned requests = 0;
  };
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline);
  base::Result<std::string> request(Connection& connection, const Login& login, base::MonoTime deadline);
  Answer answer_of(std::string_view line, const Login& login) const;

  IdleList<Connection> idle_;
};

}  // namespace godwit::auth
