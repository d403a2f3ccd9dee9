// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/socket_stream.hpp"

#include <cerrno>
#include <memory_resource>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "socket_address.hpp"

namespace godwit::net {
namespace {

// So much may be read before the reactor gets a turn for others.
constexpr std::size_t fair_share = 1U << 20U;

IoResult result_of(ssize_t count) {
  if (count > 0) return {.status = IoResult::Status::ok, .bytes = static_cast<std::size_t>(count)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {.status = IoResult::Status::would_block};
  return {.status = IoResult::Status::failed, .os_error = errno};
}

bool has_hung_up(int descriptor) {
  pollfd state{.fd = descriptor, .events = POLLRDHUP, .revents = 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

boost::asio::io_context::executor_type context_of(const boost::asio::any_io_executor& executor) {
  const auto* known = executor.target<boost::asio::io_context::executor_type>();
  if (known == nullptr) throw std::logic_error("a socket of no io_context");
  return *known;
}

// Empty too where there are more than anybody is in.
std::vector<gid_t> peer_groups(int socket) {
  constexpr std::size_t most = 65536;  // NGROUPS_MAX
  std::vector<gid_t> groups(32);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const bool known = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
    const bool is_short = !known && errno == ERANGE && groups.size() < most;  // `size` says how much there is
    groups.resize(known || is_short ? size / sizeof(gid_t) : 0);
    if (!is_short) return groups;
  }
}

}  // namespace

// What is called at the end of the wait of a parked stream.  It takes memory as long as that lasts, so it has a piece
// of its own size: Asio would give it what another operation left, however large.
struct SocketStream::Parked {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  allocator_type get_allocator() const noexcept { return {}; }
  void operator()(const boost::system::error_code& error) { stream->unpark(error, std::move(then)); }

  SocketStream* stream;
  Wake then;
};

base::Result<std::unique_ptr<SocketStream>> SocketStream::adopt(const boost::asio::any_io_executor& executor,
                                                                Deadlines& deadlines, FileDescriptor socket,
                                                                std::optional<base::Endpoint> remote) {
  if (!remote) remote = peer_endpoint(socket.get());
  std::unique_ptr<SocketStream> stream(new SocketStream(executor, deadlines, std::move(*remote)));
  constexpr int any_family = AF_UNSPEC;  // only who has Asio connect or name a socket needs to know
  boost::system::error_code error;
  stream->socket_.assign({any_family, 0}, socket.get(), error);
  if (error) return base::fail(base::ErrorKind::exhausted, "epoll: " + error.message(), error.value());
  std::ignore = socket.release();
  return stream;
}

SocketStream::SocketStream(const boost::asio::any_io_executor& executor, Deadlines& deadlines, base::Endpoint remote)
    : deadlines_(deadlines), socket_(context_of(executor)), reading_(deadlines, *this), remote_(std::move(remote)) {}

SocketStream::~SocketStream() = default;

IoResult SocketStream::try_read(std::span<char> into) {
  if (read_in_a_row_ >= fair_share) {
    read_in_a_row_ = 0;
    return {.status = IoResult::Status::would_block};
  }
  ssize_t count = 0;
  do {
    count = ::recv(native_handle(), into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count == 0 && !into.empty()) return {.status = IoResult::Status::end};
  const IoResult result = result_of(count);
  read_in_a_row_ = result.status == IoResult::Status::ok ? read_in_a_row_ + result.bytes : 0;
  drained_ = result.status == IoResult::Status::ok && result.bytes < into.size();
  return result;
}

IoResult SocketStream::try_write(std::string_view bytes) {
  ssize_t count = 0;
  do {
    count = ::send(native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return result_of(count);
}

Task<> SocketStream::readable(base::MonoTime deadline) {
  return wait(boost::asio::socket_base::wait_read, reading_, deadline);
}

Task<> SocketStream::writable(base::MonoTime deadline) {
  return wait(boost::asio::socket_base::wait_write, writing(), deadline);
}

SocketStream::Side& SocketStream::writing() {
  if (!writing_) writing_ = std::make_unique<Side>(deadlines_, *this);
  return *writing_;
}

// Of a handler that has an executor of its own, as a coroutine has, Asio counts the work and posts what follows: this
// one has none, and goes on where it is called, by the socket's reactor, which is the coroutine's.
auto SocketStream::async_wait(boost::asio::socket_base::wait_type what, boost::system::error_code& error) {
  const auto initiate = [this, what, &error](auto handler) {
    socket_.async_wait(what, [handler = std::move(handler), &error](const boost::system::error_code& ended) mutable {
      error = ended;
      handler();
    });
  };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(initiate,
                                                                                    boost::asio::use_awaitable);
}

// The one place where an aborted wait gets its reason.  Cancelling a socket aborts both directions, so a wait that was
// not meant goes back to waiting.
Task<> SocketStream::wait(boost::asio::socket_base::wait_type what, Side& side, base::MonoTime deadline) {
  side.interrupted = false;
  // Checked here too, so that a peer that sends a byte now and then cannot win against the timer for ever.
  if (deadline != base::no_deadline && deadline <= deadlines_.now())
    co_return base::fail(base::ErrorKind::timed_out, "timed out");
  side.deadline.arm(deadline);
  for (;;) {
    if (cancelled_ || side.interrupted) {
      side.deadline.disarm();
      co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    }
    boost::system::error_code error;
    co_await async_wait(what, error);
    const bool aborted = error == boost::asio::error::operation_aborted;
    const bool cancelled = cancelled_ || side.interrupted;
    if (aborted && (cancelled || !side.deadline.passed())) continue;
    side.deadline.disarm();
    if (&side == &reading_) drained_ = false;
    if (!error) co_return base::Result<>();
    if (aborted) co_return base::fail(base::ErrorKind::timed_out, "timed out");
    co_return base::fail_os("wait", error.value());
  }
}

void SocketStream::park(base::MonoTime deadline, Wake then) {
  reading_.interrupted = false;
  reading_.deadline.arm(deadline);
  wait_parked(std::move(then));
  if (cancelled_) wake(this);
}

void SocketStream::wait_parked(Wake then) {
  socket_.async_wait(boost::asio::socket_base::wait_read, Parked{this, std::move(then)});
}

void SocketStream::unpark(const boost::system::error_code& error, Wake then) {
  const bool meant = cancelled_ || reading_.interrupted || reading_.deadline.passed();
  if (error == boost::asio::error::operation_aborted && !meant) return wait_parked(std::move(then));
  reading_.deadline.disarm();
  drained_ = false;
  then();
}

void SocketStream::wake(void* stream) {
  boost::system::error_code ignored;
  static_cast<SocketStream*>(stream)->socket_.cancel(ignored);
}

void SocketStream::cancel() {
  cancelled_ = true;
  wake(this);
}

void SocketStream::interrupt() {
  reading_.interrupted = true;
  if (writing_) writing_->interrupted = true;
  wake(this);
}

void SocketStream::shutdown() {
  ::shutdown(native_handle(), SHUT_WR);
}

const base::Endpoint& SocketStream::local() const {
  if (!local_) local_ = std::make_unique<const base::Endpoint>(local_endpoint(native_handle()));
  return *local_;
}

bool SocketStream::peer_finished() const {
  return has_hung_up(native_handle());
}

// A descriptor of its own: the stream's number may belong to another connection by the time the question comes.
std::function<bool()> SocketStream::hangup_probe() const {
  auto copy = std::make_shared<FileDescriptor>(::fcntl(native_handle(), F_DUPFD_CLOEXEC, 0));
  if (!*copy) return {};
  return [copy] { return has_hung_up(copy->get()); };
}

std::optional<PeerCredential> SocketStream::peer_credential() const {
  ucred peer{};
  socklen_t size = sizeof(peer);
  // Of TCP the kernel has the length right and knows nobody.
  if (remote_.unix_path.empty() || ::getsockopt(native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return PeerCredential{
      .user = peer.uid, .group = peer.gid, .process = peer.pid, .groups = peer_groups(native_handle())};
}

}  // namespace godwit::net
