// SPDX-License-Identifier: Apache-2.0
// The input is a server: its first byte chooses the settings, the rest is said in pieces between other events.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "godwit/smtp/client_session.hpp"

using namespace godwit::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const unsigned choice = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  ClientSettings settings;
  settings.hostname = "me.example";
  settings.tls = (choice & 1U) != 0 ? ClientTls::require : ClientTls::opportunistic;
  settings.protocol = (choice & 2U) != 0 ? ClientProtocol::lmtp : ClientProtocol::smtp;
  if ((choice & 4U) != 0) settings.user = "user";

  ClientSession session(settings);
  std::size_t done = 0;
  std::size_t closed = 0;
  // Feeds an event and what the driver would answer at once.
  const auto feed = [&](const auto& self, const ClientEvent& event) -> void {
    const auto actions = session.next(event);
    for (const auto& action : actions) {
      if (closed != 0) std::abort();  // nothing may follow Close
      if (const auto* results = std::get_if<client_action::TransactionDone>(&action)) {
        ++done;
        if (results->results.size() != 2) std::abort();
      }
      if (std::holds_alternative<client_action::Close>(action)) ++closed;
      if (std::holds_alternative<client_action::StartTls>(action)) self(self, client_event::TlsReady{});
      if (std::holds_alternative<client_action::SendBody>(action)) self(self, client_event::BodySent{});
      if (std::holds_alternative<client_action::MakeKeys>(action))
        self(self, client_event::KeysMade{
                       ScramClientKeys{.client_key = std::string(32, 'k'), .server_key = std::string(32, 's')}});
    }
  };
  feed(feed, client_event::Connected{});
  ClientTransaction transaction{.sender = Mailbox{"a", "b.example"}, .size = 10, .ret = return_full, .envid = "x+y"};
  transaction.recipients.push_back({{"c", "d.example"}, {notify_success, "rfc822;c=d@e.example"}});
  transaction.recipients.push_back({{"e", "d.example"}, {}});
  feed(feed, client_event::Transaction{std::move(transaction)});
  for (; !input.empty(); input.remove_prefix(std::min<std::size_t>(input.size(), 7)))
    feed(feed, client_event::Bytes{input.substr(0, 7)});
  feed(feed, client_event::PeerClosed{});
  if (closed != 1 || done != 1) std::abort();  // every transaction gets its results, once
  return 0;
}
