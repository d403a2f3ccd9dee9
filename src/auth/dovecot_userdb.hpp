// SPDX-License-Identifier: Apache-2.0
// Dovecot's userdb socket (auth-userdb; its master protocol 1.0 and later, the client's side): which users exist,
// without a password.  Blocks until a deadline; several threads may ask at once.
#pragma once

#include <memory>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/blocking_socket.hpp"
#include "godwit/net/idle_list.hpp"

namespace godwit::auth {

class DovecotUserdb {
 public:
  DovecotUserdb(std::string path, const base::Clock& clock) : path_(std::move(path)), clock_(clock) {}
  // Errors: io, closed, timed_out, unsupported, and refused where Dovecot itself cannot tell.
  base::Result<bool> has(const std::string& user, base::MonoTime deadline);

 private:
  struct Connection {
    explicit Connection(const base::Clock& clock) : socket(clock) {}
    net::BlockingSocket socket;
    unsigned requests = 0;
  };
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline);
  base::Result<bool> request(Connection& connection, const std::string& user, base::MonoTime deadline);

  std::string path_;
  const base::Clock& clock_;
  net::IdleList<Connection> idle_;
};

}  // namespace godwit::auth
