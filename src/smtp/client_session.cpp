// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/client_session.hpp"

#include "client_session_machine.hpp"

namespace godwit::smtp {

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::connect:
      return "connect";
    case Stage::greeting:
      return "greeting";
    case Stage::ehlo:
      return "ehlo";
    case Stage::starttls:
      return "starttls";
    case Stage::tls:
      return "tls";
    case Stage::auth:
      return "auth";
    case Stage::mail:
      return "mail";
    case Stage::rcpt:
      return "rcpt";
    case Stage::data:
      return "data";
    case Stage::body:
      return "body";
    case Stage::final_dot:
      return "final_dot";
    case Stage::quit:
      return "quit";
  }
  return "unknown";
}

ClientSession::ClientSession(const ClientSettings& settings) : machine_(std::make_unique<Machine>(settings)) {}
ClientSession::~ClientSession() = default;
ClientSession::ClientSession(ClientSession&&) noexcept = default;
ClientSession& ClientSession::operator=(ClientSession&&) noexcept = default;

const std::vector<ClientAction>& ClientSession::next(const ClientEvent& event) {
  return machine_->next(event);
}
const PeerCapabilities& ClientSession::capabilities() const {
  return machine_->capabilities();
}
const std::optional<TlsInfo>& ClientSession::tls() const {
  return machine_->tls();
}
Stage ClientSession::stage() const {
  return machine_->stage();
}

}  // namespace godwit::smtp
