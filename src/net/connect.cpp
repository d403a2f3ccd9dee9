// SPDX-License-Identifier: Apache-2.0
#include "connect.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "godwit/net/socket_stream.hpp"
#include "socket_address.hpp"
#include "socket_option.hpp"

namespace godwit::net {
namespace {

std::unexpected<base::Error> connect_failure(const base::Endpoint& remote, int code) {
  auto failure = base::fail_os(fmt::format("connect to {}", base::to_string(remote)), code);
  auto& kind = failure.error().kind;
  switch (code) {
    case ECONNREFUSED:
      kind = base::ErrorKind::refused;
      break;
    case ETIMEDOUT:
      kind = base::ErrorKind::timed_out;
      break;
    case ECONNRESET:
      kind = base::ErrorKind::closed;
      break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      kind = base::ErrorKind::exhausted;
      break;
    default:
      break;
  }
  return failure;
}

base::Result<FileDescriptor> open_socket(const base::Endpoint& remote, const SocketAddress& address,
                                         const std::optional<base::IpAddress>& source) {
  FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return connect_failure(remote, errno);
  if (address.family() == AF_UNIX) return socket;
  switch_on(socket.get(), IPPROTO_TCP, TCP_NODELAY);
  switch_on(socket.get(), SOL_SOCKET, SO_KEEPALIVE);
  if (!source) return socket;
  if (source->is_v4() != remote.address.is_v4())
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("connect to {}: the source address {} is of the other family",
                                  base::to_string(remote), base::to_string(*source)));
  // The port is chosen at connect(), so that as many connections as there are remote addresses can share one.
  switch_on(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  const auto from = to_socket_address({.address = *source, .port = 0, .unix_path = {}});
  if (::bind(socket.get(), from->get(), from->length) != 0)
    return base::fail_os(fmt::format("bind to the source address {}", base::to_string(*source)), errno);
  return socket;
}

int pending_error(int socket) {
  int code = 0;
  socklen_t size = sizeof(code);
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) != 0) return errno;
  return code;
}

}  // namespace

Task<std::unique_ptr<Stream>> connect_socket(boost::asio::any_io_executor executor, Deadlines& deadlines,
                                             Canceller& stopping, base::Endpoint remote, ConnectOptions options) {
  const bool cancelled = stopping.cancelled() || (options.canceller != nullptr && options.canceller->cancelled());
  if (cancelled) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
  const auto address = to_socket_address(remote);
  if (!address)
    co_return base::fail(base::ErrorKind::invalid, fmt::format("{}: the path is too long", base::to_string(remote)));
  auto socket = open_socket(remote, *address, options.source);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  const bool connected = ::connect(socket->get(), address->get(), address->length) == 0;
  const int code = connected ? 0 : errno;
  if (!connected && code != EINPROGRESS && code != EINTR) co_return connect_failure(remote, code);

  auto stream = SocketStream::adopt(executor, deadlines, std::move(*socket), remote);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  if (!connected) {
    SocketStream* waiting = stream->get();
    const Canceller::Hook on_stop(&stopping, [waiting] { waiting->cancel(); });
    const Canceller::Hook on_cancel(options.canceller, [waiting] { waiting->cancel(); });
    auto ready = co_await waiting->writable(options.deadline);
    if (!ready) {
      ready.error().message = fmt::format("connect to {}: {}", base::to_string(remote), ready.error().message);
      co_return std::unexpected(std::move(ready.error()));
    }
    const int outcome = pending_error(waiting->native_handle());
    if (outcome != 0) co_return connect_failure(remote, outcome);
  }
  co_return std::move(*stream);
}

}  // namespace godwit::net
