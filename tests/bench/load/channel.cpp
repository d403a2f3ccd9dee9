// SPDX-License-Identifier: Apache-2.0
#include "channel.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "epoll.hpp"
#include "net/socket_address.hpp"

namespace godwit::bench {
namespace {

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

[[noreturn]] void fail_with_tls(const char* what) {
  const std::string why = net::take_openssl_error();
  throw std::runtime_error(std::string(what) + ": " + (why.empty() ? "the server closed the connection" : why));
}

}  // namespace

Channel::Channel(const base::Endpoint& server) {
  const auto name = net::to_socket_address(server).value();
  socket_.reset(::socket(name.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) fail_with_errno("socket");
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_.get(), name.get(), name.length) != 0 && errno != EINPROGRESS) fail_with_errno("connect");
}

// OpenSSL resumes no session of a connection that it believes was cut.
Channel::~Channel() {
  if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void Channel::begin_tls(ClientTls& tls) {
  tls_ = &tls;
  ssl_ = tls.begin(socket_.get());
}

Channel::Step Channel::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    tls_->count(*ssl_);
    return Step::done;
  }
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Step::to_read;
    case SSL_ERROR_WANT_WRITE:
      return Step::to_write;
    default:
      fail_with_tls("handshake");
  }
}

std::size_t Channel::send(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const std::string_view rest = bytes.substr(sent);
    if (ssl_) {
      ERR_clear_error();
      const int size = static_cast<int>(std::min<std::size_t>(rest.size(), std::numeric_limits<int>::max()));
      const int taken = SSL_write(ssl_.get(), rest.data(), size);
      if (taken > 0) {
        sent += static_cast<std::size_t>(taken);
        continue;
      }
      if (SSL_get_error(ssl_.get(), taken) != SSL_ERROR_WANT_WRITE) fail_with_tls("SSL_write");
      break;
    }
    const ssize_t taken = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (taken < 0 && !would_block()) fail_with_errno("send");
    if (taken < 0) break;
    sent += static_cast<std::size_t>(taken);
  }
  return sent;
}

Channel::Received Channel::receive(std::span<char> into) {
  if (ssl_) return receive_tls(into);
  const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), 0);
  if (got < 0 && !would_block()) fail_with_errno("recv");
  return {
      .bytes = {into.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))}, .more = false, .closed = got == 0};
}

Channel::Received Channel::receive_tls(std::span<char> into) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  if (got > 0) return {.bytes = {into.data(), static_cast<std::size_t>(got)}, .more = true, .closed = false};
  switch (SSL_get_error(ssl_.get(), got)) {
    case SSL_ERROR_WANT_READ:
      return {.bytes = {}, .more = false, .closed = false};
    case SSL_ERROR_ZERO_RETURN:
      return {.bytes = {}, .more = false, .closed = true};
    default:
      fail_with_tls("SSL_read");
  }
}

}  // namespace godwit::bench
