// SPDX-License-Identifier: Apache-2.0
#include "http_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace godwit::tools {
namespace {

namespace http = boost::beast::http;

constexpr timeval patience{.tv_sec = 60, .tv_usec = 0};  // a reload waits for the disk
constexpr std::uint64_t greatest_answer = 64U << 20U;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

base::Result<Socket> connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::fail_os(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return base::fail_os("socket", errno);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::connect(socket.get(), generic, sizeof address) != 0) return base::fail_os(path, errno);
  return socket;
}

base::Result<> send_all(const Socket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return base::fail(base::ErrorKind::timed_out, "the request is not taken");
    if (sent < 0) return base::fail_os("sending the request", errno);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

base::Result<> send_body(const Socket& socket, const HttpBody& body) {
  for (std::uint64_t sent = 0; sent < body.size;) {
    const auto piece = body.next();
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty() || piece->size() > body.size - sent)
      return base::fail(base::ErrorKind::corrupt, "its size is not what it should be");
    if (auto done = send_all(socket, *piece); !done) return done;
    sent += piece->size();
  }
  return {};
}

base::Result<HttpAnswer> receive(const Socket& socket) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(greatest_answer);
  parser.eager(true);
  std::string pending;
  std::array<char, 16384> piece{};
  while (!parser.is_done()) {
    const ssize_t got = ::recv(socket.get(), piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return base::fail(base::ErrorKind::timed_out, "no answer");
    if (got < 0) return base::fail_os("reading the answer", errno);
    if (got == 0) return base::fail(base::ErrorKind::closed, "the connection was closed before an answer came");
    pending.append(piece.data(), static_cast<std::size_t>(got));
    boost::system::error_code error;
    pending.erase(0, parser.put(boost::asio::buffer(pending), error));
    if (error && error != http::error::need_more)
      return base::fail(base::ErrorKind::corrupt, "the answer is no HTTP: " + error.message());
  }
  auto message = parser.release();
  return HttpAnswer{message.result_int(), std::move(message.body())};
}

}  // namespace

base::Result<HttpAnswer> http_request(const std::string& socket, const std::string& method, const std::string& target,
                                      const HttpBody& body) {
  const auto connected = connect(socket);
  if (!connected) return std::unexpected(connected.error());
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: godwitd\r\nConnection: close\r\n";
  if (body.size > 0) request += "Content-Length: " + std::to_string(body.size) + "\r\n";
  if (auto sent = send_all(*connected, request + "\r\n"); !sent) return std::unexpected(sent.error());
  if (auto sent = send_body(*connected, body); !sent) return std::unexpected(sent.error());
  return receive(*connected);
}

}  // namespace godwit::tools
