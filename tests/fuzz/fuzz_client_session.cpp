// SPDX-License-Identifier: Apache-2.0
// The input is a server: its first byte chooses the settings, the rest is said in pieces between other events.
#include <utility>

#include "fuzz/fuzz.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::fuzz {

void fuzz_client_session(std::string_view input) {
  using namespace smtp;
  if (input.empty()) return;
  const auto choice = take_byte(input);
  ClientSettings settings;
  settings.hostname = "me.example";
  settings.tls = (choice & 1U) != 0 ? ClientTls::require : ClientTls::opportunistic;
  settings.protocol = (choice & 2U) != 0 ? ClientProtocol::lmtp : ClientProtocol::smtp;
  if ((choice & 4U) != 0) settings.user = "user";

  ClientSession session(settings);
  std::size_t done = 0, closed = 0;
  bool again = false;  // the transaction is for another connection, in the clear
  // Feeds an event and what the driver would answer at once.
  const auto feed = [&](const auto& self, const ClientEvent& event) -> void {
    for (const auto& action : session.next(event)) {
      require(closed == 0);  // nothing may follow Close
      if (const auto* results = std::get_if<client_action::TransactionDone>(&action)) {
        ++done;
        require(results->results.size() == 2);
      }
      if (const auto* close = std::get_if<client_action::Close>(&action))
        ++closed, again = close->reason == client_action::Close::Reason::retry_in_clear;
      if (std::holds_alternative<client_action::StartTls>(action)) self(self, client_event::TlsReady{});
      if (std::holds_alternative<client_action::SendBody>(action)) self(self, client_event::BodySent{});
      if (std::holds_alternative<client_action::MakeKeys>(action))
        self(self, client_event::KeysMade{
                       ScramClientKeys{.client_key = std::string(32, 'k'), .server_key = std::string(32, 's')}});
    }
  };
  feed(feed, client_event::Connected{});
  ClientTransaction transaction{.sender = Mailbox{"a", "b.example"}, .size = 10, .ret = return_full, .envid = "x+y"};
  transaction.recipients = {{{"c", "d.example"}, {notify_success, "rfc822;c=d@e.example"}}, {{"e", "d.example"}, {}}};
  feed(feed, client_event::Transaction{std::move(transaction)});
  in_pieces(input, 7, [&](std::string_view part) { feed(feed, client_event::Bytes{part}); });
  feed(feed, client_event::PeerClosed{});
  const bool in_clear = settings.tls == ClientTls::opportunistic;
  require(closed == 1 && (again ? done == 0 && in_clear : done == 1));  // every transaction gets its results, once
}

}  // namespace godwit::fuzz
