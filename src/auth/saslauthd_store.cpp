// SPDX-License-Identifier: Apache-2.0
#include "saslauthd_store.hpp"

#include <array>

#include <openssl/crypto.h>

#include "godwit/net/blocking_socket.hpp"

namespace godwit::auth {
namespace {

constexpr std::size_t longest = 255;  // saslauthd's own bound for each string is 256

// Two bytes of length, network order, and the string.
void append(std::string& request, std::string_view text) {
  request += static_cast<char>(text.size() >> 8U);
  request += static_cast<char>(text.size() & 255U);
  request += text;
}

}  // namespace

base::Result<> SaslauthdStore::probe() {
  net::BlockingSocket socket(parts_.clock);
  return socket.connect(settings_.path);
}

Answer SaslauthdStore::look_up(const Login& login, base::MonoTime deadline) {
  if (login.password.empty()) return unavailable("it has no keys for SCRAM");
  const std::size_t at = login.user.rfind('@');
  std::string user = login.user, realm;
  if (!settings_.domain.empty()) {
    // Users of the system have no domain: theirs is the one that is configured.
    if (at == std::string::npos || login.user.substr(at + 1) != settings_.domain) return {};
    user.resize(at);
  } else if (at != std::string::npos) {
    realm = user.substr(at + 1);
    user.resize(at);
  }
  for (const std::string* text : std::initializer_list<const std::string*>{&user, &login.password, &realm})
    if (text->size() > longest || text->contains('\0')) return {};
  net::BlockingSocket socket(parts_.clock);
  if (auto connected = socket.connect(settings_.path); !connected) return unavailable(connected.error().message);
  std::string request;
  for (const std::string_view text : std::array<std::string_view, 4>{user, login.password, settings_.service, realm})
    append(request, text);
  const auto sent = socket.send(request, deadline);
  OPENSSL_cleanse(request.data(), request.size());
  if (!sent) return unavailable(sent.error().message);
  const auto size = socket.read_exactly(2, deadline);
  if (!size) return unavailable(size.error().message);
  const auto length =
      static_cast<std::size_t>(static_cast<unsigned char>((*size)[0])) << 8U | static_cast<unsigned char>((*size)[1]);
  const auto text = socket.read_exactly(length, deadline);
  if (!text) return unavailable(text.error().message);
  Answer answer;
  if (text->starts_with("OK")) {
    answer.kind = Answer::Kind::accepted;
    answer.account.name = login.user;
  } else if (!text->starts_with("NO")) {
    return unavailable("an answer that makes no sense");
  }
  return answer;
}

}  // namespace godwit::auth
