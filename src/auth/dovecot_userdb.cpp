// SPDX-License-Identifier: Apache-2.0
// https://doc.dovecot.org/developer_manual/design/auth_protocol/ ("Server <-> Master")
#include "dovecot_userdb.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::auth {

base::Result<std::unique_ptr<DovecotUserdb::Connection>> DovecotUserdb::open(base::MonoTime deadline) {
  auto connection = std::make_unique<Connection>(clock_);
  if (auto connected = connection->socket.connect(path_); !connected) return std::unexpected(connected.error());
  if (auto sent = connection->socket.send("VERSION\t1\t0\n", deadline); !sent) return std::unexpected(sent.error());
  for (;;) {
    auto line = connection->socket.read_line(deadline);
    if (!line) return std::unexpected(line.error());
    const auto fields = base::split(*line, '\t');
    if (fields[0] == "VERSION" && (fields.size() < 2 || fields[1] != "1"))
      return base::fail(base::ErrorKind::unsupported, "userdb: it speaks another protocol");
    if (fields[0] == "MECH" || fields[0] == "CUID")
      return base::fail(base::ErrorKind::unsupported, path_ + " is a socket for logins, not a userdb");
    if (fields[0] == "SPID") return connection;
  }
}

base::Result<bool> DovecotUserdb::request(Connection& connection, const std::string& user, base::MonoTime deadline) {
  const unsigned id = ++connection.requests;
  const auto line = fmt::format("USER\t{}\t{}\tservice=lmtp\n", id, user);
  if (auto sent = connection.socket.send(line, deadline); !sent) return std::unexpected(sent.error());
  for (;;) {
    auto answer = connection.socket.read_line(deadline);
    if (!answer) return std::unexpected(answer.error());
    const auto fields = base::split(*answer, '\t');
    if (fields.size() < 2 || base::parse_unsigned(fields[1]) != id) continue;
    if (fields[0] == "USER") return true;
    if (fields[0] == "NOTFOUND") return false;
    if (fields[0] == "FAIL") return base::fail(base::ErrorKind::refused, "userdb: Dovecot says: temporary failure");
  }
}

base::Result<bool> DovecotUserdb::has(const std::string& user, base::MonoTime deadline) {
  // Its lines have fields parted by tabs; nobody has such a name.
  if (std::ranges::any_of(user, [](unsigned char c) { return c < ' ' || c == 0x7F; })) return false;
  auto connection = idle_.take();
  base::Result<bool> answer = base::fail(base::ErrorKind::closed, "");
  if (connection) answer = request(*connection, user, deadline);
  // One that waited for its next use may have been closed since.
  if (!answer && answer.error().kind == base::ErrorKind::closed) {
    auto opened = open(deadline);
    if (!opened) return std::unexpected(opened.error());
    connection = *std::move(opened);
    answer = request(*connection, user, deadline);
  }
  if (answer || answer.error().kind == base::ErrorKind::refused) idle_.give_back(std::move(connection));
  return answer;
}

}  // namespace godwit::auth
