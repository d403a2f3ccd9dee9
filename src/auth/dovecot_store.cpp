// SPDX-License-Identifier: Apache-2.0
// https://doc.dovecot.org/developer_manual/design/auth_protocol/
#include "dovecot_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::auth {
namespace {

// Wiped when it goes.
struct Secret {
  std::string text;
  ~Secret() { OPENSSL_cleanse(text.data(), text.size()); }
};

// "user=alice" among the fields; empty: not there.
std::string_view value_of(const std::vector<std::string_view>& fields, std::string_view name) {
  for (const std::string_view field : fields)
    if (field.size() > name.size() && field.starts_with(name) && field[name.size()] == '=')
      return field.substr(name.size() + 1);
  return {};
}

bool has(const std::vector<std::string_view>& fields, std::string_view word) {
  return std::ranges::find(fields, word) != fields.end();
}

}  // namespace

base::Result<std::unique_ptr<DovecotStore::Connection>> DovecotStore::open(base::MonoTime deadline) {
  auto connection = std::make_unique<Connection>(parts_.clock);
  if (auto connected = connection->socket.connect(settings_.path); !connected)
    return std::unexpected(connected.error());
  // Dovecot wants another number of each connection; it is called a process id and need not be one.
  const auto number = 1 + parts_.random.below(0x7FFF'FFFE);
  if (auto sent = connection->socket.send(fmt::format("VERSION\t1\t1\nCPID\t{}\n", number), deadline); !sent)
    return std::unexpected(sent.error());
  bool plain = false;
  for (;;) {
    auto line = connection->socket.read_line(deadline);
    if (!line) return std::unexpected(line.error());
    const auto fields = base::split(*line, '\t');
    if (fields[0] == "VERSION" && (fields.size() < 2 || fields[1] != "1"))
      return base::fail(base::ErrorKind::unsupported, "it speaks another protocol");
    if (fields[0] == "MECH" && fields.size() > 1 && fields[1] == "PLAIN") plain = true;
    if (fields[0] == "DONE") break;
  }
  if (!plain) return base::fail(base::ErrorKind::unsupported, "it does not offer PLAIN (auth_mechanisms)");
  return connection;
}

base::Result<> DovecotStore::probe() {
  auto opened = open(deadline());
  if (!opened) return std::unexpected(opened.error());
  if (!tells_names()) return {};
  const auto found = userdb_.has("postmaster@example.com", deadline());
  return found ? base::Result<>() : std::unexpected(found.error());
}

// The line that answers.
base::Result<std::string> DovecotStore::request(Connection& connection, const Login& login, base::MonoTime deadline) {
  const unsigned id = ++connection.requests;
  Secret plain{'\0' + login.user + '\0' + login.password};
  Secret line{fmt::format("AUTH\t{}\tPLAIN\tservice={}\tsecured\tno-penalty\trip={}\tresp={}\n", id, settings_.service,
                          base::to_string(login.client), base::base64_encode(plain.text))};
  if (auto sent = connection.socket.send(line.text, deadline); !sent) return std::unexpected(sent.error());
  for (;;) {
    auto answer = connection.socket.read_line(deadline);
    if (!answer) return answer;
    const auto fields = base::split(*answer, '\t');
    const bool answers = fields[0] == "OK" || fields[0] == "FAIL" || fields[0] == "CONT";
    if (answers && fields.size() > 1 && base::parse_unsigned(fields[1]) == id) return answer;
  }
}

Answer DovecotStore::answer_of(std::string_view line, const Login& login) const {
  const auto fields = base::split(line, '\t');
  if (fields[0] == "FAIL") {
    if (has(fields, "temp")) return unavailable("Dovecot says: temporary failure");
    return {};
  }
  if (fields[0] != "OK") return unavailable("an answer that makes no sense for PLAIN");
  Answer answer;
  answer.kind = Answer::Kind::accepted;
  const std::string_view user = value_of(fields, "user");
  if (user.contains('@') && !smtp::parse_mailbox(user, smtp::BareLocal::refuse, smtp::Utf8::allow))
    return unavailable("it knows the user by a name that is no address");
  // What Dovecot made of the name is the account's, where it has a domain.
  answer.account.name = user.contains('@') ? canonical_name(user) : login.user;
  return answer;
}

Answer DovecotStore::look_up(const Login& login, base::MonoTime deadline) {
  if (login.password.empty()) return unavailable("it has no keys for SCRAM");
  auto connection = idle_.take();
  base::Result<std::string> line = base::fail(base::ErrorKind::closed, "");
  if (connection) line = request(*connection, login, deadline);
  // One that waited for its next use may have been closed since.
  if (!line && line.error().kind == base::ErrorKind::closed) {
    auto opened = open(deadline);
    if (!opened) return unavailable(opened.error().message);
    connection = *std::move(opened);
    line = request(*connection, login, deadline);
  }
  if (!line) return unavailable(line.error().message);
  Answer answer = answer_of(*line, login);
  idle_.give_back(std::move(connection));
  return answer;
}

Answer DovecotStore::find_name(const std::string& user, base::MonoTime deadline) {
  const auto found = userdb_.has(user, deadline);
  if (!found) return unavailable(found.error().message);
  Answer answer;
  if (*found) answer.kind = Answer::Kind::entry;
  return answer;
}

}  // namespace godwit::auth
