// SPDX-License-Identifier: Apache-2.0
#include "outgoing_tls.hpp"

namespace godwit::daemon {

OutgoingTls::OutgoingTls(Surroundings surroundings, const LiveSettings& live)
    : policies_file_(live.settings.state.directory, "mta_sts", surroundings.disk, surroundings.pool,
                     route::StsPolicies::largest_file),
      policies_({.executor = surroundings.home.executor(),
                 .deadlines = surroundings.home.deadlines(),
                 .network = surroundings.home.network(),
                 .resolver = surroundings.resolver,
                 .clock = surroundings.clock,
                 .log = surroundings.log,
                 .file = policies_file_},
                live.tls.client, live.settings.route.https_port) {}

boost::asio::awaitable<void> OutgoingTls::start() {
  co_await policies_.start();
}

void OutgoingTls::change(const LiveSettings& live) {
  policies_.change_settings(live.tls.client, live.settings.route.https_port);
}

boost::asio::awaitable<void> OutgoingTls::stop(base::MonoTime deadline) {
  co_await policies_.stop(deadline);
}

}  // namespace godwit::daemon
