// SPDX-License-Identifier: Apache-2.0
// Whoever speaks to the control API, in whatever pieces, gets answers that are whole HTTP with JSON that can be read,
// and leaves no connection behind.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "fuzz/http_answers.hpp"
#include "godwit/control/server.hpp"
#include "support/manual_clock.hpp"
#include "unit/control/fake_backend.hpp"
#include "unit/control/scripted_peer.hpp"

namespace godwit::fuzz {
namespace {

std::string talk(std::string_view requests, std::size_t piece) {
  boost::asio::io_context io(1);
  testing::ManualClock clock;
  control::FakeBackend backend;
  control::RefusalsLogger log;
  control::Server server(backend, clock, log);
  control::Peer peer;
  in_pieces(requests, piece, [&](std::string_view part) { peer.sends.emplace_back(part); });
  auto task = server.serve(std::make_unique<control::PeerStream>(peer));
  boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& error) { require(error == nullptr); });
  io.run();
  require(server.connections() == 0);
  return peer.got;
}

}  // namespace

void fuzz_control_request(std::string_view input) {
  if (input.size() > 4096) return;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, input.size() + 1}) check_answers(talk(input, piece));
}

}  // namespace godwit::fuzz
