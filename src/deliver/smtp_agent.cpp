// SPDX-License-Identifier: Apache-2.0
#include "godwit/deliver/smtp_agent.hpp"

#include <utility>

#include "connection_cache.hpp"
#include "godwit/base/exception_text.hpp"
#include "required_tls.hpp"
#include "smtp_connection.hpp"
#include "smtp_walk.hpp"

namespace godwit::deliver {
namespace {

constexpr base::Duration cancelled_time = std::chrono::seconds(1);  // for what was cancelled to end

route::SmtpHop as_smtp_hop(const route::LmtpHop& lmtp, bool needs_tls) {
  route::SmtpHop hop;
  hop.site = to_string(lmtp.endpoint);
  route::TlsPolicy tls{.level = route::TlsLevel::none};
  if (needs_tls) tls.skip = why_unprotected(lmtp.endpoint);
  hop.hosts.push_back(
      {.name = "lmtp", .preference = 0, .addresses = {lmtp.endpoint}, .why_none = {}, .tls = std::move(tls)});
  return hop;
}

}  // namespace

SmtpAgent::SmtpAgent(Settings settings, net::Network& network, net::Deadlines& deadlines,
                     std::shared_ptr<const net::TlsClientContext> tls, log::Logger& log,
                     const boost::asio::any_io_executor& executor)
    : settings_(std::move(settings)),
      network_(network),
      deadlines_(deadlines),
      executor_(executor),
      tls_(std::move(tls)),
      log_(log),
      cache_(std::make_unique<ConnectionCache>()),
      tasks_(executor, deadlines,
             [this](const std::exception_ptr& thrown) {
               log_.error("connection_failed", {{"reason", base::exception_text(thrown)}});
             }),
      sweep_now_(executor, deadlines) {}
SmtpAgent::~SmtpAgent() = default;

boost::asio::awaitable<Outcomes> SmtpAgent::deliver(Job job, route::Hop hop) {
  if (auto* lmtp = std::get_if<route::LmtpHop>(&hop)) {
    auto store = as_smtp_hop(*lmtp, job.needs_tls());
    Walk walk(*this, std::move(job), std::move(store), smtp::ClientProtocol::lmtp);
    co_return co_await walk.run();
  }
  Walk walk(*this, std::move(job), std::get<route::SmtpHop>(std::move(hop)), smtp::ClientProtocol::smtp);
  co_return co_await walk.run();
}

boost::asio::awaitable<Outcomes> SmtpAgent::inquire(std::vector<smtp::Mailbox> recipients, route::Hop hop) {
  if (!std::holds_alternative<route::SmtpHop>(hop) && !std::holds_alternative<route::LmtpHop>(hop)) {
    const auto* none = std::get_if<route::NoRoute>(&hop);
    Outcome nowhere;
    nowhere.reply = none != nullptr ? none->reply : smtp::make_reply(451, {4, 4, 4}, "nobody can be asked");
    co_return Outcomes(recipients.size(), nowhere);
  }
  Job job;
  job.inquiry = true;
  for (auto& address : recipients) job.recipients.emplace_back().address = std::move(address);
  auto asking = deliver(std::move(job), std::move(hop));
  auto outcomes = co_await std::move(asking);
  co_return outcomes;
}

void SmtpAgent::keep(const ConnectionKey& key, const std::string& site, std::unique_ptr<SmtpConnection> connection,
                     std::size_t most_messages) {
  if (stopping_ || connection->transactions() >= most_messages) {
    retire(std::move(connection));
    return;
  }
  cache_->put(key, site, std::move(connection), network_.now());
  if (!sweeping_) sweeping_ = tasks_.spawn(sweep());
}

// Runs while the cache holds anything.
boost::asio::awaitable<void> SmtpAgent::sweep() {
  while (cache_->size() > 0) {
    auto woken = co_await sweep_now_.wait(network_.now() + ConnectionCache::idle_time / 2);
    if (woken || stopping_) break;
    for (auto& connection : cache_->expired(network_.now())) retire(std::move(connection));
  }
  sweeping_ = false;
}

void SmtpAgent::retire(std::unique_ptr<SmtpConnection> connection) {
  tasks_.spawn(quit(std::move(connection)));
}

boost::asio::awaitable<void> SmtpAgent::quit(std::unique_ptr<SmtpConnection> connection) {
  SmtpConnection* const leaving = connection.get();
  const net::Canceller::Hook when_cancelled(&tasks_.canceller(), [leaving] { leaving->cancel(); });
  co_await connection->quit();
}

void SmtpAgent::change_settings(Settings settings, std::shared_ptr<const net::TlsClientContext> tls) {
  settings_ = std::move(settings);
  tls_ = std::move(tls);
}

std::size_t SmtpAgent::connections() const {
  return in_use_ + cache_->size();
}

boost::asio::awaitable<void> SmtpAgent::stop(base::MonoTime deadline) {
  stopping_ = true;
  sweep_now_.cancel();
  for (auto& connection : cache_->expired(base::no_deadline)) retire(std::move(connection));
  auto ended = co_await tasks_.wait_empty(deadline);
  tasks_.cancel();
  if (!ended) ended = co_await tasks_.wait_empty(network_.now() + cancelled_time);
}

}  // namespace godwit::deliver
