// SPDX-License-Identifier: Apache-2.0
// Takes what `sendmail` left in the maildrop while no daemon answered: at start, and every few seconds.  A message goes
// through a session as if the owner of its file said it at the submission socket now, so the same rules hold.  Its file
// is removed once the spool has it: a crash in between may take it twice, never lose it.  Recipients who are refused
// are reported to the sender.  What cannot be taken ever is set aside in the folder, with a line in the log.
// One reactor; the disk is read on the pool.
#pragma once

#include <memory>
#include <string>

#include "godwit/base/random.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/server/server.hpp"

namespace godwit::server {

class Maildrop {
 public:
  // `around` with `users`.  Pool and random outlive it.
  Maildrop(std::string folder, std::shared_ptr<const Rules> rules, Surroundings around, net::BoundedPool& pool,
           base::Random& random);
  ~Maildrop();

  void start();
  void reload(std::shared_ptr<const Rules> rules);
  // Finishes the message under way, or leaves it for the next start.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::server
