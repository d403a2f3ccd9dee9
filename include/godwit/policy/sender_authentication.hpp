// SPDX-License-Identifier: Apache-2.0
// Who a message from outside really comes from: SPF, DKIM, ARC and DMARC of one transaction, what is written about it
// into its header, and what the domain of its author wants done.  server/ asks at the first recipient and at the end of
// the message, and lets the message stream through.  One reactor.
//
// Not asked for mail of trusted networks, of users and of programs of this machine.  Look-ups for SPF, for the keys of
// signatures, and for the policy of each author take `timeout` each at most (and what is under way then); what could
// not be looked up neither passes nor fails.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/mailauth/settings.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/policy/message_inspection.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/state/dmarc_counts.hpp"

namespace godwit::policy {

struct Origin {
  base::IpAddress client;
  std::string hello;
  smtp::ReversePath sender;
  // Whether mail to a recipient goes on to another host: only such mail is sealed.  Empty: none does.
  std::function<bool(const smtp::Mailbox&)> is_forwarded{};
};

class SenderAuthentication final : public MessageInspection {
 public:
  // Settings, resolver, clock and counts outlive it.  signers: with a key to seal with, or null.  counts: of what is
  // told to the domains of authors that ask for it; null: nothing is.
  SenderAuthentication(const mailauth::Settings& settings, std::shared_ptr<const mailauth::Signers> signers,
                       dns::Resolver& resolver, const base::Clock& clock, Origin origin,
                       state::DmarcCounts* counts = nullptr);
  ~SenderAuthentication() override;

  // SPF of MAIL FROM, or of HELO for <>.  Asked again, the answer is the same.
  boost::asio::awaitable<std::optional<smtp::Reply>> check_sender() override;
  void begin_message() override;
  void put(std::string_view bytes, std::string& out) override;
  void finish(std::string& out) override;
  boost::asio::awaitable<Findings> judge(std::span<const mail::Recipient> recipients) override;
  SenderIdentity identity() const override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::policy
