// SPDX-License-Identifier: Apache-2.0
// Who may send what where: the rules asked at MAIL and RCPT.  The default is never an open relay: mail for other
// domains is taken only from authenticated clients, from programs of this machine and, on service mx, from
// trusted_networks.  Const; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/ip_address.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/route/router.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::policy {

// What is known of the client when a rule is asked.
struct Client {
  base::IpAddress address;
  smtp::Service service = smtp::Service::mx;
  bool can_be_trusted = true;  // false behind a PROXY header that named no client
  std::string account;         // empty: not authenticated
  std::string user;            // of a program on this machine (service local)
};

// The recipients one RCPT stands for, or why not.
struct RecipientDecision {
  std::vector<mail::Recipient> recipients;
  std::optional<smtp::Reply> refusal;
  std::string outage;  // which table could not be asked, and why; for the log
};

// Whether an account may use this sender address; from auth's stores, through a function.
using MaySendAs = std::function<bool(const std::string& account, const smtp::Mailbox& sender)>;

bool is_trusted(const Settings& settings, const Client& client);

// Empty: accepted.
std::optional<smtp::Reply> check_sender(const Client& client, const smtp::ReversePath& sender,
                                        const MaySendAs& may_send_as);
// May wait for tables.  What is referred to outlives the call.
boost::asio::awaitable<RecipientDecision> check_recipient(const Settings& settings, const Client& client,
                                                          smtp::Mailbox recipient, const route::Router& router,
                                                          route::OtherHosts others = route::OtherHosts::may_be_asked);

}  // namespace godwit::policy
