// SPDX-License-Identifier: Apache-2.0
// An LMTP server (RFC 2033) as a table of recipients: whether it takes RCPT for an address, without a message.  What is
// refused because a mailbox is full or closed is there all the same: the delivery will say so.  A refusal by policy
// says nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "godwit/base/ip_address.hpp"
#include "godwit/lookup/source_table.hpp"
#include "godwit/net/blocking_socket.hpp"
#include "godwit/net/idle_list.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::lookup {

// What a reply to RCPT says of the recipient.  Pure.
Answer recipient_answer(const smtp::Reply& reply);

class LmtpSource final : public Source {
 public:
  // hostname: for LHLO.  The clock outlives it.
  LmtpSource(base::Endpoint endpoint, std::string hostname, const base::Clock& clock)
      : endpoint_(std::move(endpoint)), hostname_(std::move(hostname)), clock_(clock) {}
  // The key is an address as RCPT takes it.
  base::Result<Answer> ask(const std::string& key, base::MonoTime deadline) override;

 private:
  struct Connection {
    explicit Connection(const base::Clock& clock) : socket(clock) {}
    net::BlockingSocket socket;
    smtp::ReplyReader reader;
  };
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline);
  base::Result<Answer> check(Connection& connection, const std::string& address, base::MonoTime deadline);
  static base::Result<smtp::Reply> say(Connection& connection, std::string_view command, base::MonoTime deadline);
  static base::Result<smtp::Reply> read_reply(Connection& connection, base::MonoTime deadline);
  static base::Result<> expect(base::Result<smtp::Reply> reply);

  const base::Endpoint endpoint_;
  const std::string hostname_;
  const base::Clock& clock_;
  net::IdleList<Connection> idle_;
};

}  // namespace godwit::lookup
