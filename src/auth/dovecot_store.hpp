// SPDX-License-Identifier: Apache-2.0
// Dovecot's auth socket (its authentication protocol 1.1 and later, the client's side), mechanism PLAIN.  It does not
// tell an unknown name from a wrong password; its userdb does.  Its own slowing of failures is not used: ours is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "blocking_store.hpp"
#include "dovecot_userdb.hpp"
#include "godwit/net/blocking_socket.hpp"
#include "godwit/net/idle_list.hpp"

namespace godwit::auth {

class DovecotStore final : public BlockingStore {
 public:
  DovecotStore(StoreSettings settings, const BackEndParts& parts)
      : BlockingStore(std::move(settings), parts), userdb_(settings_.userdb, parts.clock) {}
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;
  Answer find_name(const std::string& user, base::MonoTime deadline) override;

 private:
  struct Connection {
    explicit Connection(const base::Clock& clock) : socket(clock) {}
    net::BlockingSocket socket;
    unsigned requests = 0;
  };
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline);
  base::Result<std::string> request(Connection& connection, const Login& login, base::MonoTime deadline);
  Answer answer_of(std::string_view line, const Login& login) const;

  net::IdleList<Connection> idle_;
  DovecotUserdb userdb_;
};

}  // namespace godwit::auth
