// SPDX-License-Identifier: Apache-2.0
// Whatever a daemon that was taken over asks of the process with the private keys: each request gets one reply, to it
// and in the form that the daemon reads; only keys that were read, and not released since, sign; and no octets of a
// private key come out.  Input: requests, field by field or as they are.
#include <set>

#include "daemon/key_server.hpp"
#include "fuzz/key_requests.hpp"

namespace godwit::fuzz {
namespace {

using daemon::KeyRequest, daemon::KeyTask;

// What it comes to, by a model of which keys there are.
void check(std::string_view bytes, const daemon::KeyReply& reply, std::set<std::uint64_t>& kept) {
  const auto request = daemon::request_in(bytes);
  require(reply.number == (request ? request->number : 0) && (request || !reply.result));
  if (!request) return;
  require(to_bytes(*request) == bytes);
  for (const auto key : request->released) kept.erase(key);
  if (request->task == KeyTask::private_key && reply.result) require(kept.insert(reply.key).second);
  if (request->task == KeyTask::sign && reply.result) require(kept.contains(request->key));
}

}  // namespace

void fuzz_key_request(std::string_view input) {
  static const KeyFiles files;
  daemon::KeyServer server;
  std::set<std::uint64_t> kept;
  const auto ask = [&](std::string_view request) {
    const auto bytes = server.answer(request);
    const auto reply = daemon::reply_in(bytes);
    require(reply.has_value() && bytes.size() <= daemon::largest_packet);
    for (const auto& secret : files.secrets) require(bytes.find(secret) == std::string::npos);
    check(request, *reply, kept);
  };
  for (const auto& path : files.keys) ask(to_bytes(KeyRequest{.task = KeyTask::private_key, .path = path}));
  require(kept.size() == files.keys.size());
  while (!input.empty()) ask(take_key_request(input, files));
}

}  // namespace godwit::fuzz
