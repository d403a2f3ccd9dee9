// SPDX-License-Identifier: Apache-2.0
// Messages that a part of this daemon hands in for somebody (the control API: POST /v1/messages).  Each goes through a
// session, over a stream in memory, as if its submitter said it now on a submission port, or at the submission socket
// where it is a user of this machine; so it meets the same rules, checks, limits, milters and changes, and is durable
// when submit() says that somebody was accepted.  One reactor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/server/server.hpp"
#include "godwit/smtp/client_session.hpp"
#include "godwit/spool/add_message.hpp"

namespace godwit::server {

// Who hands in a message, known by other means than the session's.
struct Submitter {
  std::string account{};               // empty: a user of this machine
  std::vector<std::string> senders{};  // that the account may use beside its own address; empty: as it may elsewhere
  uid_t user = 0;                      // where there is no account
  base::Endpoint remote{}, local{};    // where it speaks from, and to
  std::string tls_version{}, tls_cipher{};  // that it speaks over; empty: none
};

// Before a message is committed: its id, and those of its recipients that were accepted.  An error refuses it with 451,
// and nothing is kept.
using BeforeCommit = std::function<boost::asio::awaitable<base::Result<>>(base::MessageId, std::vector<smtp::Mailbox>)>;

struct Submission {
  Submitter who{};
  // Its recipients fit into one message: who finds no room there is refused.
  smtp::ClientTransaction transaction{};
  spool::Pieces body{};          // canonical; its pieces have deadlines of their own
  BeforeCommit before_commit{};  // may be empty
};

struct Submitted {
  std::vector<smtp::RecipientResult> recipients{};  // in the order of the transaction's
  std::optional<base::MessageId> id{};              // where somebody was accepted
  bool may_have_come = false;                       // nobody knows: it ended, or the spool failed, while that had it
};

class Submissions {
 public:
  // `around` with `users`.
  Submissions(std::shared_ptr<const Rules> rules, Surroundings around);
  ~Submissions();

  boost::asio::awaitable<Submitted> submit(Submission submission);
  void reload(std::shared_ptr<const Rules> rules);
  // New ones are refused with 421; lets those under way finish until the deadline, then cancels.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::server
