// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/lmtp_source.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/net/tcp_connect.hpp"

namespace godwit::lookup {
namespace {

// RFC 3463 section 3.
constexpr int mailbox_subject = 2;  // X.2.X: of a mailbox that is there
constexpr int policy_subject = 7;   // X.7.X: we may not, which says nothing of the mailbox

}  // namespace

Answer recipient_answer(const smtp::Reply& reply) {
  if (reply.positive() || reply.enhanced.subject == mailbox_subject || reply.code == 552) return present();
  return reply.permanent() && reply.enhanced.subject != policy_subject
             ? absent()
             : unavailable("it says: " + base::printable(to_line(reply), 200));
}

base::Result<smtp::Reply> LmtpSource::read_reply(Connection& connection, base::MonoTime deadline) {
  connection.reader.reset();
  for (;;) {
    auto line = connection.socket.read_line(deadline);
    if (!line) return std::unexpected(line.error());
    *line += '\n';
    std::string_view input = *line;
    switch (connection.reader.read(input)) {
      case smtp::ReplyReader::Status::complete:
        return connection.reader.reply();
      case smtp::ReplyReader::Status::more:
        break;
      case smtp::ReplyReader::Status::malformed:
      case smtp::ReplyReader::Status::too_long:
        return base::fail(base::ErrorKind::unsupported, "it does not speak LMTP");
    }
  }
}

base::Result<smtp::Reply> LmtpSource::say(Connection& connection, std::string_view command, base::MonoTime deadline) {
  if (auto sent = connection.socket.send(fmt::format("{}\r\n", command), deadline); !sent)
    return std::unexpected(sent.error());
  return read_reply(connection, deadline);
}

base::Result<> LmtpSource::expect(base::Result<smtp::Reply> reply) {
  if (!reply) return std::unexpected(reply.error());
  // One that says good-bye is as gone as one that closed.
  if (reply->code == 421) return base::fail(base::ErrorKind::closed, base::printable(to_line(*reply), 200));
  if (!reply->positive()) return base::fail(base::ErrorKind::refused, base::printable(to_line(*reply), 200));
  return {};
}

base::Result<std::unique_ptr<LmtpSource::Connection>> LmtpSource::open(base::MonoTime deadline) {
  auto connection = std::make_unique<Connection>(clock_);
  base::Result<> connected;
  if (endpoint_.unix_path.empty())
    connected = connection->socket.connect_tcp(to_string(endpoint_.address), std::to_string(endpoint_.port), deadline);
  else
    connected = connection->socket.connect(endpoint_.unix_path);
  if (!connected) return std::unexpected(connected.error());
  if (auto greeted = expect(read_reply(*connection, deadline)); !greeted) return std::unexpected(greeted.error());
  if (auto said = expect(say(*connection, "LHLO " + hostname_, deadline)); !said) return std::unexpected(said.error());
  return connection;
}

base::Result<Answer> LmtpSource::check(Connection& connection, const std::string& address, base::MonoTime deadline) {
  const bool ascii = base::is_ascii(address);
  const std::string_view mail = ascii ? "MAIL FROM:<>" : "MAIL FROM:<> SMTPUTF8";
  auto begun = say(connection, mail, deadline);
  if (begun && !ascii && begun->permanent()) return absent();  // it has no such addresses, and is well
  if (auto said = expect(std::move(begun)); !said) return std::unexpected(said.error());
  auto reply = say(connection, fmt::format("RCPT TO:<{}>", address), deadline);
  if (!reply) return std::unexpected(reply.error());
  if (reply->code == 421) return std::unexpected(expect(*reply).error());
  if (auto said = expect(say(connection, "RSET", deadline)); !said) return std::unexpected(said.error());
  return recipient_answer(*reply);
}

base::Result<Answer> LmtpSource::ask(const std::string& key, base::MonoTime deadline) {
  auto connection = idle_.take();
  base::Result<Answer> answer = base::fail(base::ErrorKind::closed, "");
  if (connection) answer = check(*connection, key, deadline);
  // One that waited for its next use may have been closed since.
  if (!answer && answer.error().kind == base::ErrorKind::closed) {
    auto opened = open(deadline);
    if (!opened) return std::unexpected(opened.error());
    connection = *std::move(opened);
    answer = check(*connection, key, deadline);
  }
  if (answer) idle_.give_back(std::move(connection));
  return answer;
}

}  // namespace godwit::lookup
