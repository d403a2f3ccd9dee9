// SPDX-License-Identifier: Apache-2.0
// Who the client of a connection is, and whether it is let in.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "connection.hpp"
#include "godwit/net/proxy_protocol.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;

bool is_in(const std::vector<base::IpNetwork>& networks, const policy::Client& client) {
  return client.can_be_trusted &&
         std::ranges::any_of(networks, [&](const auto& network) { return network.contains(client.address); });
}

}  // namespace

// From the PROXY header where there is one: limits and trust are for whom it names.
boost::asio::awaitable<bool> Connection::learn_client() {
  if (listener_.proxy_protocol) {
    const bool understood = co_await read_proxy_header();
    if (!understood) co_return false;
  }
  if (is_local()) {
    const auto peer = stream_->peer_credential();
    if (!peer) co_return false;
    user_id_ = peer->user;
    sender_.client_address = fmt::format("uid:{}", user_id_);
    co_return true;
  }
  session_settings_.may_xclient = is_in(rules_->settings.trusted_xclients, sender_.client);
  decide_trust();
  co_return true;
}

void Connection::decide_trust() {
  sender_.client_address = base::to_string(sender_.client.address);
  const bool mx = listener_.service == smtp::Service::mx;
  session_settings_.trusted = mx && policy::is_trusted(rules_->policy, sender_.client);
  const bool may_normalize = !mx || session_settings_.trusted;
  session_settings_.bare_newline = may_normalize ? listener_.bare_newline : smtp::BareNewline::reject;
}

// The user of a program of this machine, by name.
boost::asio::awaitable<bool> Connection::name_user() {
  if (!is_local()) co_return true;
  auto name = co_await around_.users->name_of(user_id_);
  if (!name) {
    around_.log.warn("user_unknown", {{"client", sender_.client_address}, {"reason", name.error().message}});
    auto refusal = smtp::make_reply(421, {4, 3, 0}, "The name of your user cannot be found out now, try again later");
    co_await refuse(std::move(refusal));
    co_return false;
  }
  // The daemon's own user could write the spool itself.
  is_trusted_user_ = user_id_ == ::geteuid() || policy::is_trusted_user(rules_->policy, *name);
  sender_.client_address = "user:" + *name;
  sender_.client.user = std::move(*name);
  co_return true;
}

boost::asio::awaitable<bool> Connection::read_proxy_header() {
  const auto& peer = stream_->remote().address;
  const bool allowed =
      std::ranges::any_of(rules_->settings.trusted_proxies, [&](const auto& n) { return n.contains(peer); });
  if (!allowed) {
    around_.log.warn("rejected",
                     {{"client", base::to_string(peer)}, {"stage", "proxy"}, {"reason", "not among trusted_proxies"}});
    co_return false;
  }
  auto header = co_await net::read_proxy_header(*stream_, around_.network.now() + rules_->settings.command_timeout);
  if (!header) {
    around_.log.warn("rejected",
                     {{"client", base::to_string(peer)}, {"stage", "proxy"}, {"reason", header.error().message}});
    co_return false;
  }
  // Trust comes only from an address that the header names; LOCAL and UNKNOWN are never trusted.
  sender_.client.can_be_trusted = header->source.has_value();
  if (header->source) sender_.client.address = header->source->address;
  co_return true;
}

boost::asio::awaitable<bool> Connection::refuse_if_too_many() {
  if (auto too_often = limit(policy::Limited::connections)) {
    co_await refuse(*std::move(too_often));
    co_return true;
  }
  smtp::Reply refusal;
  auto entered =
      is_local() ? around_.limits.enter_user(user_id_, refusal) : around_.limits.enter(sender_.client.address, refusal);
  if (entered) {
    place_.emplace(std::move(*entered));
    co_return false;
  }
  co_await refuse(std::move(refusal));
  co_return true;
}

// Before the session.
boost::asio::awaitable<void> Connection::refuse(smtp::Reply refusal) {
  log_refusal("connect", refusal, {});
  if (!is_implicit()) output_ = to_wire(refusal);  // a TLS client would not understand it, and a handshake is dear
  co_await flush();
  stream_->shutdown();
}

// A mail server waits for the greeting; what sends spam in masses often does not.
boost::asio::awaitable<bool> Connection::wait_to_greet() {
  const auto delay = rules_->settings.greeting_delay;
  const auto& address = sender_.client.address;
  const bool waits = delay > base::Duration::zero() && listener_.service == smtp::Service::mx && !is_implicit() &&
                     !session_settings_.trusted && !address.is_loopback();
  if (!waits || around_.acquaintances.knows(address, around_.network.now())) co_return true;
  waiting_ = true;
  auto said = co_await net::read_some(*stream_, around_.scratch.first(1), around_.network.now() + delay);
  waiting_ = false;
  if (!said && said.error().kind == base::ErrorKind::timed_out) {
    around_.acquaintances.remember(address, around_.network.now());
    co_return true;
  }
  if (!said) co_return stopping_;
  auto refusal = smtp::make_reply(554, {5, 5, 1}, "Talking before the greeting");
  co_await refuse(std::move(refusal));
  co_return false;
}

// XCLIENT: the connection goes on as if the client that is named had made it.
Connection::Event Connection::speak_for(const smtp::ClaimedClient& claim) {
  if (claim.address) sender_.client.address = *claim.address;
  sender_.client.can_be_trusted = sender_.client.can_be_trusted && !claim.anonymous;
  if (claim.name)
    sender_.client_name = *claim.name;
  else if (claim.address)
    sender_.client_name.clear();
  if (claim.account) sender_.client.account = *claim.account;
  decide_trust();
  milters_.reset();  // they have met somebody else
  checks_.reset();
  around_.log.debug("speaks_for", {{"client", sender_.client_address},
                                   {"account", sender_.client.account},
                                   {"by", base::to_string(stream_->remote())}});
  return event::Answer{smtp::make_reply(220, {}, rules_->settings.hostname + " ESMTP Godwit")};
}

}  // namespace godwit::server
