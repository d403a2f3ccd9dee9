// SPDX-License-Identifier: Apache-2.0
#include "sasl.hpp"

#include "godwit/base/encoding.hpp"
#include "input.hpp"

namespace godwit::smtp {

std::string_view to_string(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::plain:
      return "PLAIN";
    case Mechanism::login:
      return "LOGIN";
    case Mechanism::scram_sha_256:
      return "SCRAM-SHA-256";
    case Mechanism::scram_sha_256_plus:
      return "SCRAM-SHA-256-PLUS";
    case Mechanism::oauthbearer:
      return "OAUTHBEARER";
    case Mechanism::xoauth2:
      return "XOAUTH2";
    case Mechanism::external:
      break;
  }
  return "EXTERNAL";
}

std::expected<Credentials, FixedReply> decode_plain(std::string_view response) {
  auto message = base::base64_decode(response);
  if (!message) return std::unexpected(replies::auth_malformed);
  const std::string_view text = *message;
  const auto first = text.find('\0');
  const auto second = first == std::string_view::npos ? first : text.find('\0', first + 1);
  const bool well_formed = second != std::string_view::npos && !text.substr(second + 1).contains('\0');
  Credentials credentials;
  bool acts_for_itself = false;
  if (well_formed) {
    credentials.user = text.substr(first + 1, second - first - 1);
    credentials.password = text.substr(second + 1);
    acts_for_itself = first == 0 || text.substr(0, first) == credentials.user;
  }
  wipe(*message);
  if (!well_formed) return std::unexpected(replies::auth_malformed);
  if (!acts_for_itself || credentials.user.empty() || credentials.password.empty()) {
    wipe(credentials.password);
    return std::unexpected(replies::auth_rejected);
  }
  return credentials;
}

std::expected<std::string, FixedReply> decode_login(std::string_view response) {
  auto text = base::base64_decode(response);
  if (!text) return std::unexpected(replies::auth_malformed);
  if (text->contains('\0')) {
    wipe(*text);
    return std::unexpected(replies::auth_malformed);
  }
  if (text->empty()) return std::unexpected(replies::auth_rejected);
  return *std::move(text);
}

}  // namespace godwit::smtp
