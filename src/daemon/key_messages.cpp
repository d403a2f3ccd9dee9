// SPDX-License-Identifier: Apache-2.0
#include "key_messages.hpp"

#include "godwit/base/bytes.hpp"

namespace godwit::daemon {
namespace {

using base::Cursor, base::put;

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

std::string_view take_text(Cursor& in) {
  return in.take_bytes(in.take<std::uint32_t>());
}

void put_stamp(std::string& out, const net::FileStamp& stamp) {
  put(out, stamp.device);
  put(out, stamp.inode);
  put(out, static_cast<std::uint64_t>(stamp.size));
  put(out, static_cast<std::uint64_t>(stamp.changed));
  put(out, stamp.mode);
}

net::FileStamp take_stamp(Cursor& in) {
  net::FileStamp stamp;
  stamp.device = in.take<std::uint64_t>();
  stamp.inode = in.take<std::uint64_t>();
  stamp.size = static_cast<std::int64_t>(in.take<std::uint64_t>());
  stamp.changed = static_cast<std::int64_t>(in.take<std::uint64_t>());
  stamp.mode = in.take<std::uint32_t>();
  return stamp;
}

}  // namespace

std::string to_bytes(const KeyRequest& request) {
  std::string out;
  put(out, static_cast<std::uint8_t>(request.task));
  put(out, request.number);
  put(out, request.key);
  put(out, static_cast<std::uint8_t>(request.order.scheme));
  put(out, static_cast<std::uint32_t>(request.order.salt));
  put_text(out, request.order.digest);
  put_text(out, request.order.data);
  put_text(out, request.path);
  for (const auto key : request.released) put(out, key);
  return out;
}

std::optional<KeyRequest> request_in(std::string_view bytes) {
  Cursor in(bytes);
  KeyRequest request;
  const auto task = in.take<std::uint8_t>();
  request.task = static_cast<KeyTask>(task);
  request.number = in.take<std::uint32_t>();
  request.key = in.take<std::uint64_t>();
  const auto scheme = in.take<std::uint8_t>();
  request.order.scheme = static_cast<net::SigningOrder::Scheme>(scheme);
  request.order.salt = static_cast<std::int32_t>(in.take<std::uint32_t>());
  request.order.digest = take_text(in);
  request.order.data = take_text(in);
  request.path = take_text(in);
  while (!in.empty()) request.released.push_back(in.take<std::uint64_t>());
  const bool is_known = task <= static_cast<std::uint8_t>(KeyTask::sign) &&
                        scheme <= static_cast<std::uint8_t>(net::SigningOrder::Scheme::ecdsa);
  if (in.bad() || !is_known) return {};
  return request;
}

std::string to_bytes(const KeyReply& reply) {
  std::string out;
  put(out, reply.number);
  put(out, reply.key);
  put_stamp(out, reply.stamp);
  put(out, static_cast<std::uint8_t>(reply.result ? 1 : 0));
  if (reply.result) {
    put_text(out, *reply.result);
    return out;
  }
  const auto& error = reply.result.error();
  put(out, static_cast<std::uint8_t>(error.kind));
  put(out, static_cast<std::uint32_t>(error.os_error));
  put_text(out, error.message);
  return out;
}

std::optional<KeyReply> reply_in(std::string_view bytes) {
  Cursor in(bytes);
  KeyReply reply;
  reply.number = in.take<std::uint32_t>();
  reply.key = in.take<std::uint64_t>();
  reply.stamp = take_stamp(in);
  if (in.take<std::uint8_t>() == 1) {
    reply.result = std::string(take_text(in));
  } else {
    const auto kind = static_cast<base::ErrorKind>(in.take<std::uint8_t>());
    const auto os_error = static_cast<int>(in.take<std::uint32_t>());
    reply.result = base::fail(kind, std::string(take_text(in)), os_error);
  }
  if (in.bad() || !in.empty()) return {};
  return reply;
}

}  // namespace godwit::daemon
