// SPDX-License-Identifier: Apache-2.0
// On which terms an attempt meets a host: from where, how protected, as whom, and what it says of the message.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "godwit/base/text.hpp"
#include "godwit/smtp/scram.hpp"
#include "godwit/smtp/utf8_address.hpp"
#include "smtp_walk.hpp"

namespace godwit::deliver {
namespace {

net::TlsClientOptions tls_options(const route::Host& host, const std::string& certificate) {
  const auto& policy = host.tls;
  const auto& known_as = policy.level == route::TlsLevel::dane ? policy.names.front() : host.name;
  return {.server_name = known_as.starts_with('[') ? "" : known_as,
          .names = policy.names,
          .tlsa = policy.tlsa,
          .certificate = certificate};
}

// RFC 3461 section 5.2.1: as the sender said it; of an address that an alias changed, the one in the RCPT we got.
std::string orcpt_of(const mail::Recipient& recipient) {
  if (!recipient.orcpt.empty() || recipient.original.empty()) return recipient.orcpt;
  return base::is_ascii(recipient.original) ? "rfc822;" + recipient.original
                                            : "utf-8;" + smtp::utf8_address_text(recipient.original);
}

}  // namespace

ConnectionKey SmtpAgent::Walk::key_of(const route::Host& host, const base::Endpoint& address,
                                      smtp::ClientTls tls) const {
  const auto* source = source_for(address);
  return {.remote = address,
          .protocol = protocol_,
          .tls = tls,
          .names = host.tls.names,
          .tlsa = host.tls.tlsa,
          .certificate = hop_.certificate,
          .user = hop_.user,
          .source = source != nullptr ? to_string(source->address) : ""};
}

std::unique_ptr<SmtpConnection> SmtpAgent::Walk::greet(std::unique_ptr<net::Stream> stream, const route::Host& host,
                                                       const ConnectionKey& key) const {
  TlsChoice choice{.context = tls_, .options = tls_options(host, hop_.certificate)};
  return std::make_unique<SmtpConnection>(std::move(stream), client_settings(key), std::move(choice), agent_.network_,
                                          agent_.proofs_);
}

std::size_t SmtpAgent::Walk::most_messages(const SmtpConnection& connection) const {
  const std::size_t ours =
      hop_.messages_per_connection > 0 ? hop_.messages_per_connection : settings_.messages_per_connection;
  return std::min(ours, most_transactions(connection.peer()));
}

// RFC 9422: domains are counted over all of a connection, and the first transaction may have named all there can be.
std::size_t SmtpAgent::Walk::most_transactions(const smtp::PeerCapabilities& peer) {
  if (peer.most_domains > 0) return 1;
  return peer.most_messages > 0 ? peer.most_messages : std::numeric_limits<std::size_t>::max();
}

smtp::ClientTransaction SmtpAgent::Walk::transaction() const {
  smtp::ClientTransaction result{.sender = job_.sender,
                                 .recipients = {},
                                 .size = job_.inquiry ? 0 : job_.content->size(),
                                 .conversion = conversion_,
                                 .body = job_.body,
                                 .smtputf8 = job_.smtputf8,
                                 .ret = job_.ret,
                                 .envid = job_.envid,
                                 .deliver_by = job_.deliver_by,
                                 .priority = job_.priority,
                                 .require_tls = job_.require_tls,
                                 .inquiry = job_.inquiry};
  for (const auto index : book_.current()) {
    const auto& recipient = job_.recipients[index];
    result.recipients.push_back(
        {.address = recipient.address, .parameters = {.notify = recipient.notify, .orcpt = orcpt_of(recipient)}});
  }
  return result;
}

// LMTP is spoken by stores: what they took is delivered, unless they report themselves.
std::optional<mail::DsnSuccess> SmtpAgent::Walk::success_at(const SmtpConnection& connection) const {
  if (connection.peer().dsn) return {};
  return protocol_ == smtp::ClientProtocol::lmtp ? mail::DsnSuccess::delivered : mail::DsnSuccess::relayed;
}

// A message keeps its address through all attempts: who puts off strangers (greylisting) knows it again.
const SourceAddress* SmtpAgent::Walk::source_for(const base::Endpoint& remote) const {
  if (!remote.unix_path.empty()) return nullptr;
  const auto& pool = hop_.source_addresses.empty() ? settings_.source_addresses : hop_.source_addresses;
  std::vector<const SourceAddress*> fit;
  for (const auto& source : pool)
    if (source.address.is_v4() == remote.address.is_v4()) fit.push_back(&source);
  if (fit.empty()) return nullptr;
  constexpr unsigned counter_bits = 12;  // of an id, below the time
  return fit[(job_.id.value >> counter_bits) % fit.size()];
}

smtp::ClientSettings SmtpAgent::Walk::client_settings(const ConnectionKey& key) const {
  const auto* source = source_for(key.remote);
  const auto password = settings_.passwords.find(hop_.password_file);
  const bool speaks_scram = !hop_.user.empty() && agent_.random_ != nullptr;
  smtp::ClientSettings settings{
      .hostname = source != nullptr && !source->hostname.empty() ? source->hostname : settings_.hostname,
      .protocol = protocol_,
      .tls = key.tls,
      .user = hop_.user,
      .password = password == settings_.passwords.end() ? "" : password->second,
      .nonce = speaks_scram ? smtp::make_scram_nonce(*agent_.random_) : "",
      .chunking = settings_.chunking,
      .timeouts = {.connect = settings_.connect_timeout,
                   .greeting = settings_.greeting_timeout,
                   .command = settings_.command_timeout,
                   .data = settings_.data_timeout},
      .min_data_rate = settings_.min_data_rate};
  if (!hop_.mechanisms.empty()) settings.mechanisms = hop_.mechanisms;
  return settings;
}

}  // namespace godwit::deliver
