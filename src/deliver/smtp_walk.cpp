// SPDX-License-Identifier: Apache-2.0
#include "smtp_walk.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "required_tls.hpp"

namespace godwit::deliver {
namespace {

smtp::ClientTls client_tls(route::TlsLevel level) {
  if (level == route::TlsLevel::none) return smtp::ClientTls::none;
  return level == route::TlsLevel::opportunistic ? smtp::ClientTls::opportunistic : smtp::ClientTls::require;
}

std::string relay_name(const route::Host& host, const base::Endpoint& address) {
  if (!address.unix_path.empty()) return to_string(address);
  return fmt::format("{}[{}]:{}", host.name.starts_with('[') ? "" : host.name, to_string(address.address),
                     address.port);
}

// A kept connection that the peer ended while it was idle says nothing about the host: a new one is tried at once.
bool was_stale(const SmtpConnection::Ended& ended) {
  return ended.closed && ended.results && std::ranges::all_of(*ended.results, [](const smtp::RecipientResult& result) {
           return result.verdict == smtp::RecipientResult::Verdict::try_next && result.stage == smtp::Stage::mail &&
                  (!result.reply || result.reply->code == 421);
         });
}

// Of one recipient at least, and not only of the sender or of itself: asked again, it may have an answer for others.
bool answered_for_some(const SmtpConnection::Ended& ended) {
  return ended.results && std::ranges::any_of(*ended.results, [](const smtp::RecipientResult& result) {
           return result.verdict != smtp::RecipientResult::Verdict::send_again && result.stage != smtp::Stage::mail;
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
void SmtpAgent::Walk::prefer_kept() {
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

boost::asio::awaitable<Outcomes> SmtpAgent::Walk::run() {
  prefer_kept();
  // With one host there is nobody else to ask before a body is recoded, which every body can be.
  if (hop_.hosts.size() == 1 && settings_.conversion == Conversion::always && !job_.smtputf8)
    conversion_ = smtp::ClientTransaction::Conversion::allow;
  std::size_t hosts = 0, addresses = 0;
  for (const auto& host : hop_.hosts) {
    book_.next_host();
    if (book_.finished() || hosts++ == settings_.hosts || addresses == settings_.addresses) break;
    const bool usable = check(host);
    if (!usable) continue;
    if (!host.remark.empty()) note(host.remark);
    Addresses some(host.addresses.begin(),
                   host.addresses.begin() +
                       static_cast<std::ptrdiff_t>(std::min(host.addresses.size(), settings_.addresses - addresses)));
    addresses += some.size();
    co_await try_host(host, std::move(some));
  }
  if (book_.is_lacking() && !job_.inquiry) co_await try_changed();
  co_return book_.take();
}

// False: nobody there can be asked, which is noted.
bool SmtpAgent::Walk::check(const route::Host& host) {
  const bool forbidden = !host.tls.skip.empty();
  if (!forbidden && !host.addresses.empty()) return true;
  const auto why = fmt::format("{}: {}", host.name, forbidden ? host.tls.skip : host.why_none);
  note(why);
  if (forbidden) {
    book_.note_host(skipped_host(host, why, job_.needs_tls()), host.name, "none");
    tell(skipped_session(hop_, host));
  } else {
    book_.note_host(smtp::Stage::connect, why, host.name);
  }
  return false;
}

boost::asio::awaitable<void> SmtpAgent::Walk::try_host(const route::Host& host, Addresses addresses) {
  lacks_ = false;
  while (!addresses.empty() && !book_.finished() && !lacks_) {
    const bool kept = co_await try_kept(host, addresses);
    if (!kept) co_await try_new(host, addresses, client_tls(host.tls.level));
  }
}

// Over a connection that is open already.  True: there was one, and its address is taken out, unless some are left for
// another connection to it.
boost::asio::awaitable<bool> SmtpAgent::Walk::try_kept(const route::Host& host, Addresses& addresses) {
  for (const auto& address : addresses) {
    const auto key = key_of(host, address, client_tls(host.tls.level));
    auto kept = agent_.cache_->take(key);
    if (!kept) continue;
    note(fmt::format("going on with the connection to {}, after {} messages", relay_name(host, address),
                     kept->transactions()));
    bool in_clear = false;
    const bool settled = co_await use(std::move(kept), key, host, true, in_clear);
    if (!settled) co_return false;  // it was dead: a new one
    if (lacks_) lacking_.push_back({&host, address});
    if (!book_.has_rest()) std::erase(addresses, base::Endpoint(address));
    co_return true;
  }
  co_return false;
}

// A site has as many connections as attempts were granted: now that there is another one, an idle one ends, also to a
// host whose address is not known this time.  Not before: a host of less preference may be all that answers, and its
// idle connection all that is needed.
void SmtpAgent::Walk::make_room() {
  if (hop_.site.empty()) return;
  auto idle = agent_.cache_->take_any(hop_.site);
  if (idle) agent_.retire(std::move(idle));
}

// Over a new connection, to whichever of the addresses answers first; those that were tried are taken out.  Where some
// are left for another connection to that one, it stands first.
boost::asio::awaitable<void> SmtpAgent::Walk::try_new(const route::Host& host, Addresses& addresses,
                                                      smtp::ClientTls tls) {
  auto raced = co_await connect(host, addresses);
  for (const auto& failure : raced.failures)
    book_.note_host(smtp::Stage::connect, failure.error.message, relay_name(host, addresses[failure.runner]));
  if (!raced.stream) {
    if (raced.failures.empty()) book_.note_host(smtp::Stage::connect, "stopped", relay_name(host, addresses.front()));
    book_.give_up_rest();
    addresses.clear();
    co_return;
  }
  make_room();
  const auto address = addresses[raced.winner];
  std::vector<base::Endpoint> tried = {address};
  for (const auto& failure : raced.failures) tried.push_back(addresses[failure.runner]);
  std::erase_if(addresses, [&](const auto& one) { return std::ranges::find(tried, one) != tried.end(); });
  const auto key = key_of(host, address, tls);
  bool in_clear = false;
  auto connection = greet(std::move(raced.stream), host, key);
  co_await use(std::move(connection), key, host, false, in_clear);
  if (lacks_) lacking_.push_back({&host, address});
  if (in_clear) {
    // TLS was only wanted, and failed: the same host again without it (RFC 7435: some protection most of the time).
    note("once more, without TLS");
    if (!job_.inquiry)
      agent_.log_.warn("tls_fallback", {{"id", to_string(job_.id)}, {"relay", relay_name(host, address)}});
    Addresses again = {address};
    co_await try_new(host, again, smtp::ClientTls::none);
  }
  if (book_.has_rest()) addresses.insert(addresses.begin(), address);
}

boost::asio::awaitable<RaceResult> SmtpAgent::Walk::connect(const route::Host& host, const Addresses& addresses) {
  std::vector<Runner> runners;
  for (const auto& address : addresses) {
    const auto* source = source_for(address);
    runners.push_back({.remote = address, .source = {}});
    if (source != nullptr) runners.back().source = source->address;
  }
  ConnectRace race(
      agent_.network_, agent_.deadlines_, agent_.tasks_.canceller(), agent_.executor_,
      [&](std::size_t runner, const base::Error* failure) {
        note(failure != nullptr ? failure->message : "connecting to " + relay_name(host, addresses[runner]));
      });
  auto result = co_await race.run(std::move(runners), settings_.head_start, settings_.connect_timeout);
  co_return result;
}

// False: a kept connection turned out to be dead; nothing was noted.  Afterwards the book has a rest where the host
// answers for fewer recipients over one connection (RFC 9422): they need another one.  Each answers for one at least.
boost::asio::awaitable<bool> SmtpAgent::Walk::use(std::unique_ptr<SmtpConnection> connection, const ConnectionKey& key,
                                                  const route::Host& host, bool reused, bool& again_in_clear) {
  const auto relay = relay_name(host, key.remote);
  auto ended = co_await transact(*connection);
  if (reused && was_stale(ended)) co_return false;
  // What follows in clear after a handshake that failed has been told already.
  if (!reused && key.tls == client_tls(host.tls.level)) tell(tls_session(hop_, host, connection->tls_facts()));
  again_in_clear = ended.closed && ended.closed->reason == smtp::client_action::Close::Reason::retry_in_clear;
  if (again_in_clear) co_return true;
  note(ended, *connection, relay);
  while (book_.has_rest() && connection->usable() &&
         connection->transactions() < most_transactions(connection->peer())) {
    ended = co_await transact(*connection);
    note(ended, *connection, relay);
  }
  if (book_.has_rest() && connection->usable() && answered_for_some(ended))
    note("the host takes no more over this connection: another one for the rest");
  else
    book_.give_up_rest();
  const auto most = most_messages(*connection);
  if (connection->usable()) agent_.keep(key, hop_.site, std::move(connection), most);
  co_return true;
}

void SmtpAgent::Walk::note(const SmtpConnection::Ended& ended, const SmtpConnection& connection,
                           const std::string& relay) {
  const auto tls = connection.tls_verdict();
  lacks_ = ended.results && std::ranges::any_of(*ended.results, [](const smtp::RecipientResult& result) {
             return result.verdict == smtp::RecipientResult::Verdict::lacks;
           });
  if (ended.results) {
    const auto asked = book_.current();
    book_.note_results(as_demanded(*ended.results), relay, tls,
                       {.success = success_at(connection),
                        .untimed = protocol_ == smtp::ClientProtocol::smtp && !connection.peer().deliver_by});
    tell_delivered(asked);
  } else if (ended.closed) {
    book_.note_host(as_demanded({ended.closed->cause}).front(), relay, tls);
  }
}

// When nobody is left, the outcomes follow at once.
void SmtpAgent::Walk::tell_delivered(const std::vector<std::size_t>& asked) const {
  if (!job_.on_delivered_early || book_.finished()) return;
  for (const auto index : asked)
    if (book_.outcome(index).kind == Outcome::Kind::delivered) job_.on_delivered_early(index, book_.outcome(index));
}

std::vector<smtp::RecipientResult> SmtpAgent::Walk::as_demanded(std::vector<smtp::RecipientResult> results) const {
  if (job_.needs_tls()) std::ranges::transform(results, results.begin(), as_required);
  return results;
}

void SmtpAgent::Walk::tell(std::optional<TlsSession> session) const {
  if (session && agent_.tell_) agent_.tell_(std::move(*session));
}

void SmtpAgent::Walk::note(std::string_view remark) {
  if (job_.transcript) job_.transcript->note(agent_.network_.now(), remark);
}

boost::asio::awaitable<SmtpConnection::Ended> SmtpAgent::Walk::transact(SmtpConnection& connection) {
  SmtpConnection* const used = &connection;
  const net::Canceller::Hook when_cancelled(&agent_.tasks_.canceller(), [used] { used->cancel(); });
  const InUse counted(agent_.in_use_);
  co_return co_await connection.transact(transaction(), job_.content, job_.transcript);
}

}  // namespace godwit::deliver
