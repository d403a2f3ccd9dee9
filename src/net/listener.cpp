// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/listener.hpp"

#include <cerrno>
#include <chrono>
#include <deque>

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/net/signal.hpp"
#include "godwit/net/socket_stream.hpp"
#include "socket_address.hpp"

namespace godwit::net {
namespace {

constexpr int fair_burst = 64;  // accepts before the reactor gets a turn for the connections it has
constexpr base::Duration pause_when_exhausted = std::chrono::milliseconds(100);

// What became of one client in the queue says nothing of the next (accept(2), "Error handling").
bool is_passing(int code) {
  switch (code) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

bool is_shortage(int code) {
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

class SocketListener final : public Listener {
 public:
  SocketListener(Reactor& reactor, BoundSocket socket)
      : reactor_(reactor),
        descriptor_(reactor.context(), socket.descriptor.release()),
        local_(std::move(socket.local)),
        kept_(socket.kept),
        pause_(reactor.executor(), reactor.deadlines()) {}

  Task<std::unique_ptr<Stream>> accept() override;
  const base::Endpoint& local() const override { return local_; }
  void close() override;

 private:
  struct Accepted {
    FileDescriptor socket;
    base::Endpoint remote;
  };
  // Error: os_error of accept4, EAGAIN among them.
  std::expected<Accepted, int> accept_one();
  base::Result<std::unique_ptr<Stream>> make_stream(Accepted accepted);

  Reactor& reactor_;
  boost::asio::posix::stream_descriptor descriptor_;
  base::Endpoint local_;
  bool kept_;
  Signal pause_;
  std::deque<Accepted> drained_;
  base::MonoTime not_before_ = base::MonoTime::min();
  int burst_ = 0;
  bool closed_ = false;
};

Task<std::unique_ptr<Stream>> SocketListener::accept() {
  if (!closed_ && reactor_.deadlines().now() < not_before_) std::ignore = co_await pause_.wait(not_before_);
  if (++burst_ >= fair_burst) {
    burst_ = 0;
    co_await boost::asio::post(reactor_.executor(), boost::asio::use_awaitable);
  }
  for (;;) {
    if (!drained_.empty()) {
      Accepted next = std::move(drained_.front());
      drained_.pop_front();
      co_return make_stream(std::move(next));
    }
    if (closed_) co_return base::fail(base::ErrorKind::cancelled, "the listener was closed");
    auto accepted = accept_one();
    if (accepted) co_return make_stream(std::move(*accepted));
    const int code = accepted.error();
    if (is_passing(code)) continue;
    if (is_shortage(code)) {
      not_before_ = reactor_.deadlines().now() + pause_when_exhausted;
      auto shortage = base::fail_os("accept", code);
      shortage.error().kind = base::ErrorKind::exhausted;
      co_return shortage;
    }
    if (code != EAGAIN && code != EWOULDBLOCK) co_return base::fail_os("accept", code);
    burst_ = 0;
    boost::system::error_code woken;
    co_await descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                    boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    if (woken && woken != boost::asio::error::operation_aborted) co_return base::fail_os("accept", woken.value());
  }
}

std::expected<SocketListener::Accepted, int> SocketListener::accept_one() {
  SocketAddress address;
  FileDescriptor socket(
      ::accept4(descriptor_.native_handle(), address.get(), &address.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return std::unexpected(errno);
  auto remote = to_endpoint(address);
  if (address.family() == AF_UNIX && remote.unix_path.empty()) remote.unix_path = local_.unix_path;
  return Accepted{.socket = std::move(socket), .remote = std::move(remote)};
}

base::Result<std::unique_ptr<Stream>> SocketListener::make_stream(Accepted accepted) {
  auto stream = SocketStream::adopt(reactor_.executor(), reactor_.deadlines(), std::move(accepted.socket),
                                    std::move(accepted.remote));
  if (!stream) return std::unexpected(std::move(stream.error()));
  return std::move(*stream);
}

// With SO_REUSEPORT a closing socket takes its queue with it, so the queue is emptied first; that of a kept one goes on
// waiting.
void SocketListener::close() {
  if (closed_) return;
  closed_ = true;
  while (!kept_) {
    auto accepted = accept_one();
    if (accepted)
      drained_.push_back(std::move(*accepted));
    else if (!is_passing(accepted.error()))
      break;
  }
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  pause_.notify();
}

}  // namespace

std::unique_ptr<Listener> make_listener(Reactor& reactor, BoundSocket socket) {
  return std::make_unique<SocketListener>(reactor, std::move(socket));
}

}  // namespace godwit::net
