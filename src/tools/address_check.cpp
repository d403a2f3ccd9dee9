// SPDX-License-Identifier: Apache-2.0
#include "address_check.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <sysexits.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "godwit/smtp/reply.hpp"
#include "unix_socket.hpp"

namespace godwit::tools {
namespace {

constexpr std::chrono::seconds patience(60);

class Conversation {
 public:
  explicit Conversation(UnixSocket socket) : socket_(std::move(socket)) { socket_.set_patience(patience); }

  // Empty line: only reads, for the greeting.
  base::Result<smtp::Reply> say(const std::string& line) {
    if (!line.empty())
      if (auto sent = socket_.send(line + "\r\n"); !sent) return std::unexpected(std::move(sent.error()));
    smtp::ReplyReader reader;
    for (;;) {
      const auto status = reader.read(unread_);
      if (status == smtp::ReplyReader::Status::complete) return reader.reply();
      if (status != smtp::ReplyReader::Status::more)
        return base::fail(base::ErrorKind::invalid, "godwitd's answer cannot be read");
      auto got = socket_.receive(input_);
      if (!got) return std::unexpected(std::move(got.error()));
      if (*got == 0) return base::fail(base::ErrorKind::closed, "godwitd has closed the connection");
      unread_ = std::string_view(input_.data(), *got);
    }
  }

 private:
  UnixSocket socket_;
  std::array<char, 4096> input_{};
  std::string_view unread_;
};

int give_up(const Console& console, std::string_view why) {
  console.err << "sendmail: " << why << "\n";
  return EX_TEMPFAIL;
}

}  // namespace

int check_addresses(const SendmailArguments& arguments, const SendmailHost& host, const Console& console) {
  std::vector<std::string> addresses;
  for (const std::string& word : arguments.recipients) {
    const auto list = mail::parse_address_list(word);
    if (!list) {
      console.err << "sendmail: " << list.error().message << "\n";
      return EX_USAGE;
    }
    for (const auto& listed : *list) addresses.push_back(smtp::to_string(listed.mailbox));
  }
  if (addresses.empty()) {
    console.err << "sendmail: no addresses to test\n";
    return EX_USAGE;
  }
  auto socket = UnixSocket::connect(host.submit_socket);
  if (!socket) return give_up(console, "godwitd does not answer: " + socket.error().message);
  Conversation conversation(std::move(*socket));
  const bool utf8 = !std::ranges::all_of(addresses, base::is_ascii);
  for (const auto* line : {"", "EHLO localhost", utf8 ? "MAIL FROM:<> SMTPUTF8" : "MAIL FROM:<>"}) {
    const auto reply = conversation.say(line);
    if (!reply) return give_up(console, reply.error().message);
    if (reply->code >= 400) return give_up(console, base::printable(to_line(*reply)));
  }
  int status = EX_OK;
  for (const auto& address : addresses) {
    const auto reply = conversation.say("RCPT TO:<" + address + ">");
    if (!reply) return give_up(console, reply.error().message);
    const bool taken = reply->code < 400, refused = reply->code >= 500;
    if (!taken && status != EX_NOUSER) status = refused ? EX_NOUSER : EX_TEMPFAIL;
    console.out << base::printable(address) << "... ";
    if (taken)
      console.out << "deliverable\n";
    else
      console.out << (refused ? "undeliverable: " : "not known now: ") << base::printable(to_line(*reply)) << "\n";
  }
  std::ignore = conversation.say("QUIT");
  return status;
}

}  // namespace godwit::tools
