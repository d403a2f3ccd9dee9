// SPDX-License-Identifier: Apache-2.0
#include "smtp_walk.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/smtp/utf8_address.hpp"
#include "required_tls.hpp"

namespace godwit::deliver {
namespace {

constexpr std::size_t max_addresses = 12;  // tried in one attempt; the rest waits for the next one

smtp::ClientTls client_tls(route::TlsLevel level) {
  if (level == route::TlsLevel::none) return smtp::ClientTls::none;
  return level == route::TlsLevel::opportunistic ? smtp::ClientTls::opportunistic : smtp::ClientTls::require;
}

net::TlsClientOptions tls_options(const route::Host& host) {
  const auto& policy = host.tls;
  const auto& known_as = policy.level == route::TlsLevel::dane ? policy.names.front() : host.name;
  return {.server_name = known_as.starts_with('[') ? "" : known_as, .names = policy.names, .tlsa = policy.tlsa};
}

std::string relay_name(const route::Host& host, const base::Endpoint& address) {
  if (!address.unix_path.empty()) return to_string(address);
  return fmt::format("{}[{}]:{}", host.name.starts_with('[') ? "" : host.name, to_string(address.address),
                     address.port);
}

// RFC 3461 section 5.2.1: as the sender said it; of an address that an alias changed, the one in the RCPT we got.
std::string orcpt_of(const mail::Recipient& recipient) {
  if (!recipient.orcpt.empty() || recipient.original.empty()) return recipient.orcpt;
  return base::is_ascii(recipient.original) ? "rfc822;" + recipient.original
                                            : "utf-8;" + smtp::utf8_address_text(recipient.original);
}

// A kept connection that the peer ended while it was idle says nothing about the host: a new one is tried at once.
bool was_stale(const SmtpConnection::Ended& ended) {
  return ended.closed && ended.results && std::ranges::all_of(*ended.results, [](const smtp::RecipientResult& result) {
           return result.verdict == smtp::RecipientResult::Verdict::try_next && result.stage == smtp::Stage::mail &&
                  (!result.reply || result.reply->code == 421);
         });
}

// Counts while it lives, however its owner ends.
class InUse {
 public:
  explicit InUse(std::size_t& count) : count_(count) { ++count_; }
  ~InUse() { --count_; }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

// Among hosts of the first preference, in whatever order, one to which a connection is open is as good as any (RFC 5321
// section 5.1), and nearer.
void SmtpAgent::Attempt::prefer_kept() {
  auto& hosts = hop_.hosts;
  if (hosts.empty() || !hop_.from_dns) return;
  const auto end =
      std::ranges::find_if(hosts, [&](const route::Host& host) { return host.preference != hosts.front().preference; });
  const auto kept = std::find_if(hosts.begin(), end, [&](const route::Host& host) {
    return host.tls.skip.empty() && std::ranges::any_of(host.addresses, [&](const auto& address) {
             return agent_.cache_->has(key_of(host, address, client_tls(host.tls.level)));
           });
  });
  if (kept != end) std::rotate(hosts.begin(), kept, std::next(kept));
}

boost::asio::awaitable<Outcomes> SmtpAgent::Attempt::run() {
  prefer_kept();
  std::size_t tried = 0;
  for (const auto& host : hop_.hosts) {
    book_.next_host();
    if (host.addresses.empty()) {
      note(host.name + ": " + host.why_none);
      book_.note_host(smtp::Stage::connect, host.name + ": " + host.why_none, host.name);
    }
    if (!host.tls.skip.empty()) {
      note(host.name + ": " + host.tls.skip);
      book_.note_host(skipped_host(host, host.name + ": " + host.tls.skip, job_.needs_tls()), host.name, "none");
      tell(skipped_session(hop_, host));
      continue;
    }
    for (const auto& address : host.addresses) {
      if (book_.finished() || tried++ == max_addresses) co_return book_.take();
      co_await try_address(host, address, client_tls(host.tls.level));
    }
  }
  co_return book_.take();
}

ConnectionKey SmtpAgent::Attempt::key_of(const route::Host& host, const base::Endpoint& address,
                                         smtp::ClientTls tls) const {
  const auto* source = source_for(address);
  return {.remote = address,
          .protocol = protocol_,
          .tls = tls,
          .names = host.tls.names,
          .tlsa = host.tls.tlsa,
          .user = hop_.user,
          .source = source != nullptr ? to_string(source->address) : ""};
}

boost::asio::awaitable<void> SmtpAgent::Attempt::try_address(const route::Host& host, const base::Endpoint& address,
                                                             smtp::ClientTls tls) {
  const auto relay = relay_name(host, address);
  const auto key = key_of(host, address, tls);
  bool in_clear = false;
  if (auto kept = agent_.cache_->take(key)) {
    note(fmt::format("going on with the connection to {}, after {} messages", relay, kept->transactions()));
    const bool settled = co_await use(std::move(kept), key, host, true, in_clear);
    if (settled) co_return;
  }
  note("connecting to " + relay);
  auto opened = co_await open(host, key);
  if (!opened) {
    note(opened.error().message);
    book_.note_host(smtp::Stage::connect, opened.error().message, relay);
    co_return;
  }
  co_await use(std::move(*opened), key, host, false, in_clear);
  if (!in_clear) co_return;
  // TLS was only wanted, and failed: the same host again without it (RFC 7435: some protection most of the time).
  note("once more, without TLS");
  agent_.log_.warn("tls_fallback", {{"id", to_string(job_.id)}, {"relay", relay}});
  co_await try_address(host, address, smtp::ClientTls::none);
}

boost::asio::awaitable<base::Result<std::unique_ptr<SmtpConnection>>> SmtpAgent::Attempt::open(
    const route::Host& host, const ConnectionKey& key) {
  net::ConnectOptions options;
  if (const auto* source = source_for(key.remote)) options.source = source->address;
  options.deadline = agent_.network_.now() + settings_.connect_timeout;
  options.canceller = &agent_.tasks_.canceller();
  auto stream = co_await agent_.network_.connect(key.remote, options);
  if (!stream) co_return std::unexpected(stream.error());
  TlsChoice choice{.context = tls_, .options = tls_options(host)};
  co_return std::make_unique<SmtpConnection>(std::move(*stream), client_settings(key), std::move(choice),
                                             agent_.network_);
}

// False: a kept connection turned out to be dead; nothing was noted.
boost::asio::awaitable<bool> SmtpAgent::Attempt::use(std::unique_ptr<SmtpConnection> connection,
                                                     const ConnectionKey& key, const route::Host& host, bool reused,
                                                     bool& again_in_clear) {
  const auto relay = relay_name(host, key.remote);
  auto ended = co_await transact(*connection);
  if (reused && was_stale(ended)) co_return false;
  // What follows in clear after a handshake that failed has been told already.
  if (!reused && key.tls == client_tls(host.tls.level)) tell(tls_session(hop_, host, connection->tls_facts()));
  again_in_clear = ended.closed && ended.closed->reason == smtp::client_action::Close::Reason::retry_in_clear;
  if (again_in_clear) co_return true;
  note(ended, *connection, relay);
  while (book_.has_rest() && connection->usable()) {
    ended = co_await transact(*connection);
    note(ended, *connection, relay);
  }
  book_.give_up_rest();
  const auto most = most_messages(*connection);
  if (connection->usable()) agent_.keep(key, std::move(connection), most);
  co_return true;
}

void SmtpAgent::Attempt::note(const SmtpConnection::Ended& ended, const SmtpConnection& connection,
                              const std::string& relay) {
  const auto tls = connection.tls_verdict();
  if (ended.results)
    book_.note_results(as_demanded(*ended.results), relay, tls,
                       {.success = success_at(connection),
                        .untimed = protocol_ == smtp::ClientProtocol::smtp && !connection.peer().deliver_by});
  else if (ended.closed)
    book_.note_host(as_demanded({ended.closed->cause}).front(), relay, tls);
}

std::vector<smtp::RecipientResult> SmtpAgent::Attempt::as_demanded(std::vector<smtp::RecipientResult> results) const {
  if (job_.needs_tls()) std::ranges::transform(results, results.begin(), as_required);
  return results;
}

void SmtpAgent::Attempt::tell(std::optional<TlsSession> session) const {
  if (session && agent_.tell_) agent_.tell_(std::move(*session));
}

void SmtpAgent::Attempt::note(std::string_view remark) {
  if (job_.transcript) job_.transcript->note(agent_.network_.now(), remark);
}

std::size_t SmtpAgent::Attempt::most_messages(const SmtpConnection& connection) const {
  const auto ours = hop_.messages_per_connection > 0 ? hop_.messages_per_connection : settings_.messages_per_connection;
  const auto theirs = connection.peer().most_messages;
  return theirs == 0 ? ours : std::min<std::size_t>(ours, theirs);
}

boost::asio::awaitable<SmtpConnection::Ended> SmtpAgent::Attempt::transact(SmtpConnection& connection) {
  SmtpConnection* const used = &connection;
  const net::Canceller::Hook when_cancelled(&agent_.tasks_.canceller(), [used] { used->cancel(); });
  const InUse counted(agent_.in_use_);
  co_return co_await connection.transact(transaction(), job_.content, job_.transcript);
}

smtp::ClientTransaction SmtpAgent::Attempt::transaction() const {
  smtp::ClientTransaction result{.sender = job_.sender,
                                 .recipients = {},
                                 .size = job_.content->size(),
                                 .body = job_.body,
                                 .smtputf8 = job_.smtputf8,
                                 .ret = job_.ret,
                                 .envid = job_.envid,
                                 .deliver_by = job_.deliver_by,
                                 .priority = job_.priority,
                                 .require_tls = job_.require_tls};
  for (const auto index : book_.current()) {
    const auto& recipient = job_.recipients[index];
    result.recipients.push_back(
        {.address = recipient.address, .parameters = {.notify = recipient.notify, .orcpt = orcpt_of(recipient)}});
  }
  return result;
}

// LMTP is spoken by stores: what they took is delivered, unless they report themselves.
std::optional<mail::DsnSuccess> SmtpAgent::Attempt::success_at(const SmtpConnection& connection) const {
  if (connection.peer().dsn) return {};
  return protocol_ == smtp::ClientProtocol::lmtp ? mail::DsnSuccess::delivered : mail::DsnSuccess::relayed;
}

const SourceAddress* SmtpAgent::Attempt::source_for(const base::Endpoint& remote) const {
  if (!remote.unix_path.empty()) return nullptr;
  const auto found = std::ranges::find_if(settings_.source_addresses, [&](const SourceAddress& source) {
    return source.address.is_v4() == remote.address.is_v4();
  });
  return found == settings_.source_addresses.end() ? nullptr : &*found;
}

smtp::ClientSettings SmtpAgent::Attempt::client_settings(const ConnectionKey& key) const {
  const auto* source = source_for(key.remote);
  const auto password = settings_.passwords.find(hop_.password_file);
  return {.hostname = source != nullptr && !source->hostname.empty() ? source->hostname : settings_.hostname,
          .protocol = protocol_,
          .tls = key.tls,
          .user = hop_.user,
          .password = password == settings_.passwords.end() ? "" : password->second,
          .timeouts = {.connect = settings_.connect_timeout,
                       .greeting = settings_.greeting_timeout,
                       .command = settings_.command_timeout,
                       .data = settings_.data_timeout},
          .min_data_rate = settings_.min_data_rate};
}

}  // namespace godwit::deliver
