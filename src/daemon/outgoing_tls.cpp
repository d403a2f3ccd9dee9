// SPDX-License-Identifier: Apache-2.0
#include "outgoing_tls.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace godwit::daemon {
namespace {

dispatch::TlsReports::Configuration reports_configuration(const LiveSettings& live,
                                                          std::shared_ptr<const route::Router> router) {
  auto settings = live.settings.dispatch.tls_reports;
  if (settings.contact.empty()) settings.contact = live.settings.route.postmaster;
  if (settings.from.empty()) settings.from = settings.contact;
  if (settings.organization.empty()) settings.organization = live.settings.hostname;
  return {.settings = std::move(settings),
          .hostname = live.settings.hostname,
          .router = std::move(router),
          .tls = live.tls.client,
          .signers = live.signers};
}

}  // namespace

OutgoingTls::OutgoingTls(Surroundings surroundings, const LiveSettings& live,
                         std::shared_ptr<const route::Router> router)
    : home_(surroundings.home.executor()),
      policies_file_(live.settings.state.directory, "mta_sts", surroundings.disk, surroundings.pool,
                     route::StsPolicies::largest_file),
      counts_file_(live.settings.state.directory, "tls_sessions", surroundings.disk, surroundings.pool,
                   dispatch::TlsReports::largest_file),
      policies_({.executor = home_,
                 .deadlines = surroundings.home.deadlines(),
                 .network = surroundings.home.network(),
                 .resolver = surroundings.resolver,
                 .clock = surroundings.clock,
                 .log = surroundings.log,
                 .file = policies_file_},
                live.tls.client, live.settings.route.https_port),
      reports_({.executor = home_,
                .deadlines = surroundings.home.deadlines(),
                .network = surroundings.home.network(),
                .resolver = surroundings.resolver,
                .spool = surroundings.spool,
                .clock = surroundings.clock,
                .random = surroundings.random,
                .log = surroundings.log,
                .file = counts_file_},
               reports_configuration(live, std::move(router))) {}

boost::asio::awaitable<void> OutgoingTls::start() {
  co_await policies_.start();
  co_await reports_.start();
}

void OutgoingTls::change(const LiveSettings& live, std::shared_ptr<const route::Router> router) {
  policies_.change_settings(live.tls.client, live.settings.route.https_port);
  reports_.change(reports_configuration(live, std::move(router)));
}

boost::asio::awaitable<void> OutgoingTls::stop(base::MonoTime deadline) {
  co_await reports_.stop(deadline);
  co_await policies_.stop(deadline);
}

deliver::OnTlsSession OutgoingTls::counter() {
  return [this](deliver::TlsSession session) {
    boost::asio::post(home_, [this, counted = std::move(session)] { reports_.count(counted); });
  };
}

}  // namespace godwit::daemon
