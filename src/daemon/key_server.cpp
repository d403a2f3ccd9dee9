// SPDX-License-Identifier: Apache-2.0
#include "key_server.hpp"

#include <utility>

namespace godwit::daemon {
namespace {

// Only a daemon that was taken over has so many; a reload reads all new ones while the old ones are in use.
constexpr std::size_t most_keys = 1'000'000;

}  // namespace

base::Result<std::string> KeyServer::keep(const std::string& path, std::uint64_t& key) {
  auto read = net::own_keys().private_key(path);
  if (!read) return std::unexpected(std::move(read.error()));
  auto known = net::public_part_of(**read);
  if (!known) return base::fail(known.error().kind, path + ": " + known.error().message);
  const std::lock_guard lock(mutex_);
  if (keys_.size() >= most_keys) return base::fail(base::ErrorKind::exhausted, path + ": there are too many keys");
  key = ++last_;
  keys_.emplace(key, std::move(*read));
  return known;
}

base::Result<std::string> KeyServer::sign(std::uint64_t key, const net::SigningOrder& order) const {
  Key found;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = keys_.find(key); at != keys_.end()) found = at->second;
  }
  if (!found) return base::fail(base::ErrorKind::not_found, "there is no such key");
  return net::sign_as_ordered(*found, order);
}

void KeyServer::release(const std::vector<std::uint64_t>& keys) {
  const std::lock_guard lock(mutex_);
  for (const auto key : keys) keys_.erase(key);
}

std::string KeyServer::answer(std::string_view bytes) {
  const auto request = request_in(bytes);
  KeyReply reply;
  if (!request) {
    reply.result = base::fail(base::ErrorKind::invalid, "no request of this program");
    return to_bytes(reply);
  }
  reply.number = request->number;
  release(request->released);
  const auto& files = net::own_keys();
  switch (request->task) {
    case KeyTask::private_key:
      reply.result = keep(request->path, reply.key);
      break;
    case KeyTask::certificates:
      reply.result = files.certificates(request->path);
      break;
    case KeyTask::readable:
      if (auto readable = files.readable(request->path); !readable)
        reply.result = std::unexpected(std::move(readable.error()));
      break;
    case KeyTask::stamp:
      if (auto stamp = files.stamp(request->path))
        reply.stamp = *stamp;
      else
        reply.result = std::unexpected(std::move(stamp.error()));
      break;
    case KeyTask::sign:
      reply.result = sign(request->key, request->order);
      break;
  }
  return to_bytes(reply);
}

}  // namespace godwit::daemon
