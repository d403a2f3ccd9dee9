// SPDX-License-Identifier: Apache-2.0
// The client's side of the session in which one file of the maildrop is handed over, and the stream between the two:
// whatever the server's connection wants to read the client has to say next.  One reactor; the file is read on the
// pool.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "godwit/disk/drop_folder.hpp"
#include "godwit/mail/maildrop_file.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/smtp/client_session.hpp"
#include "godwit/smtp/framing.hpp"
#include "godwit/smtp/transaction_rounds.hpp"

namespace godwit::server {

class MaildropClient {
 public:
  MaildropClient(std::shared_ptr<const disk::DroppedFile> file, const mail::DecodedMaildrop& content,
                 std::string hostname, net::BoundedPool& pool);

  // What the server said.
  void hear(std::string_view bytes) { heard_ += bytes; }
  // Up to into.size() bytes of what is to be said next; 0: nothing before read_on(), or nothing any more.
  std::size_t say(std::span<char> into);
  bool is_over() const { return closed_ && said_.empty(); }
  // The next piece of the message.
  boost::asio::awaitable<void> read_on();

  // The connection is over; what became of each recipient, in the file's order.
  const std::vector<smtp::RecipientResult>& finish();

 private:
  void listen();
  void feed(smtp::ClientEvent event);
  std::optional<smtp::ClientEvent> perform(const smtp::ClientAction& action);
  smtp::ClientEvent next_transaction();

  std::shared_ptr<const disk::DroppedFile> file_;
  std::uint64_t head_;
  net::BoundedPool& pool_;
  smtp::ClientSettings settings_;
  smtp::ClientSession session_;
  smtp::TransactionRounds rounds_;
  smtp::DotStuffer stuffer_;
  std::string heard_, said_;
  std::uint64_t at_ = 0;  // in the file, of the message that is being sent
  bool in_body_ = false;
  bool raw_ = false;  // the body goes as one chunk, byte by byte
  bool closed_ = false;
};

// The server's end.  The client outlives it.
std::unique_ptr<net::Stream> maildrop_stream(MaildropClient& client, uid_t owner, const std::string& folder);

}  // namespace godwit::server
