// SPDX-License-Identifier: Apache-2.0
// The client's side of a session in which a part of this daemon hands a message over to a connection of its own, and
// the stream between the two: whatever the server's side wants to read the client has to say next.  So such messages
// meet the rules that all others meet (maildrop.cpp, submissions.cpp).  One reactor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "godwit/net/stream.hpp"
#include "godwit/smtp/client_session.hpp"
#include "godwit/smtp/framing.hpp"
#include "godwit/smtp/transaction_rounds.hpp"
#include "godwit/spool/add_message.hpp"

namespace godwit::server {

class TransactionClient {
 public:
  // Gives the message from its beginning, canonical; asked for each message that carries it.  What its pieces fail with
  // drops the session.
  using Open = std::function<spool::Pieces()>;
  struct Settings {
    std::string hello;           // EHLO argument
    bool chunking = true;        // its size is known to the octet
    bool may_send_again = true;  // to recipients for whom there was no room in the first message
  };
  TransactionClient(smtp::ClientTransaction transaction, Open open, Settings settings);

  // What the server said.
  void hear(std::string_view bytes) { heard_ += bytes; }
  // Up to into.size() bytes of what is to be said next; 0: nothing before read_on(), or nothing any more.
  std::size_t say(std::span<char> into);
  bool is_over() const { return closed_ && said_.empty(); }
  // The next piece of the message.
  boost::asio::awaitable<void> read_on();

  // The connection is over; what became of each recipient, in their order.
  const std::vector<smtp::RecipientResult>& finish();

 private:
  void listen();
  void feed(smtp::ClientEvent event);
  std::optional<smtp::ClientEvent> perform(const smtp::ClientAction& action);
  smtp::ClientEvent next_transaction();

  Open open_;
  bool may_send_again_;
  smtp::ClientSettings settings_;
  smtp::ClientSession session_;
  smtp::TransactionRounds rounds_;
  smtp::DotStuffer stuffer_;
  std::string heard_, said_;
  spool::Pieces pieces_;  // of the message that is being sent
  bool begun_ = false;
  bool in_body_ = false;
  bool raw_ = false;  // the body goes as one chunk, byte by byte
  bool closed_ = false;
};

// Who is at the client's end, as the server's side sees it.
struct ClientEnd {
  std::optional<net::PeerCredential> user{};
  base::Endpoint remote{};
  base::Endpoint local{};
};
// The server's end.  The client outlives it.
std::unique_ptr<net::Stream> transaction_stream(TransactionClient& client, ClientEnd end);

}  // namespace godwit::server
