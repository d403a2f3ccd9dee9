// SPDX-License-Identifier: Apache-2.0
#include "http_post.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "godwit/base/encoding.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/net/blocking_socket.hpp"
#include "godwit/net/system_authorities.hpp"
#include "godwit/net/tcp_connect.hpp"
#include "godwit/net/url.hpp"

namespace godwit::auth {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t most_body = 64 * 1024;
constexpr std::uint32_t most_header = 16U * 1024U;

std::string openssl_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  if (code == 0) return "the connection was lost";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

// A TCP connection, with TLS over it where the URL says so.
class Connection {
 public:
  Connection(base::MonoTime deadline, const base::Clock& clock) : deadline_(deadline), clock_(clock) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    session_.reset();
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  base::Result<> open(const net::Url& url, const std::string& ca_file);
  base::Result<> send(std::string_view bytes);
  // 0: the end.
  base::Result<std::size_t> receive(char* into, std::size_t size);

 private:
  base::Result<> secure(const net::Url& url, const std::string& ca_file);
  base::Result<> wait_for_tls(int result, std::string_view what);
  base::Result<> wait(short events) { return net::wait_ready(descriptor_, events, deadline_, clock_); }

  base::MonoTime deadline_;
  const base::Clock& clock_;
  int descriptor_ = -1;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> session_{nullptr, SSL_free};
};

base::Result<> Connection::open(const net::Url& url, const std::string& ca_file) {
  auto connected = net::tcp_connect(url.host, std::to_string(url.port), deadline_, clock_);
  if (!connected) return std::unexpected(connected.error());
  descriptor_ = *connected;
  return url.tls ? secure(url, ca_file) : base::Result<>();
}

base::Result<> Connection::secure(const net::Url& url, const std::string& ca_file) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return base::fail(base::ErrorKind::exhausted, openssl_error());
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  if (ca_file.empty())
    net::trust_system_authorities(*SSL_CTX_get_cert_store(context_.get()));
  else if (SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) != 1)
    return base::fail(base::ErrorKind::invalid, ca_file + ": " + openssl_error());
  session_.reset(SSL_new(context_.get()));
  if (!session_) return base::fail(base::ErrorKind::exhausted, openssl_error());
  SSL_set_fd(session_.get(), descriptor_);
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session_.get());
  if (base::IpAddress::parse(url.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, url.host.c_str());
  } else {
    SSL_set1_host(session_.get(), url.host.c_str());
    std::string name = url.host;
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(session_.get());
    if (done == 1) return {};
    if (auto ready = wait_for_tls(done, "TLS"); !ready) return ready;
  }
}

base::Result<> Connection::wait_for_tls(int result, std::string_view what) {
  const int wanted = SSL_get_error(session_.get(), result);
  if (wanted == SSL_ERROR_WANT_READ) return wait(POLLIN);
  if (wanted == SSL_ERROR_WANT_WRITE) return wait(POLLOUT);
  const long verified = SSL_get_verify_result(session_.get());
  const std::string why = verified != X509_V_OK ? X509_verify_cert_error_string(verified) : openssl_error();
  return base::fail(base::ErrorKind::refused, fmt::format("{}: {}", what, why));
}

base::Result<> Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (session_) {
      ERR_clear_error();
      std::size_t sent = 0;
      const int done = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent);
      bytes.remove_prefix(sent);
      if (done == 1) continue;
      if (auto ready = wait_for_tls(done, "cannot send"); !ready) return ready;
    } else {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return base::fail_os("cannot send", errno);
      if (sent < 0)
        if (auto ready = wait(POLLOUT); !ready) return ready;
    }
  }
  return {};
}

base::Result<std::size_t> Connection::receive(char* into, std::size_t size) {
  for (;;) {
    if (session_) {
      ERR_clear_error();
      std::size_t got = 0;
      const int done = SSL_read_ex(session_.get(), into, size, &got);
      if (done == 1) return got;
      if (SSL_get_error(session_.get(), done) == SSL_ERROR_ZERO_RETURN) return 0;
      if (auto ready = wait_for_tls(done, "cannot read"); !ready) return std::unexpected(ready.error());
    } else {
      const ssize_t got = ::recv(descriptor_, into, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EAGAIN && errno != EINTR) return base::fail_os("cannot read", errno);
      if (auto ready = wait(POLLIN); !ready) return std::unexpected(ready.error());
    }
  }
}

std::string request_of(const net::Url& url, const HttpPost& post) {
  std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n"
      "Accept: application/json\r\nConnection: close\r\nUser-Agent: godwit\r\n",
      url.target, authority(url), post.form.size());
  // RFC 6749 section 2.3.1: both are form-encoded before.
  if (!post.user.empty())
    request += "Authorization: Basic " +
               base::base64_encode(base::percent_encode(post.user) + ":" + base::percent_encode(post.password)) +
               "\r\n";
  return request + "\r\n" + post.form;
}

}  // namespace

base::Result<HttpAnswer> http_post(const HttpPost& post, base::MonoTime deadline, const base::Clock& clock) {
  const auto url = net::parse_url(post.url);
  if (!url) return std::unexpected(url.error());
  Connection connection(deadline, clock);
  if (auto opened = connection.open(*url, post.ca_file); !opened) return std::unexpected(opened.error());
  if (auto sent = connection.send(request_of(*url, post)); !sent) return std::unexpected(sent.error());
  http::response_parser<http::string_body> parser;
  parser.body_limit(most_body);
  parser.header_limit(most_header);
  parser.eager(true);
  std::array<char, 4096> piece{};
  std::string unread;
  while (!parser.is_done()) {
    const auto got = connection.receive(piece.data(), piece.size());
    if (!got) return std::unexpected(got.error());
    boost::system::error_code error;
    if (*got == 0) {
      parser.put_eof(error);
      if (error) return base::fail(base::ErrorKind::closed, "the answer was cut off");
      break;
    }
    unread.append(piece.data(), *got);
    const std::size_t used = parser.put(boost::asio::buffer(unread), error);
    unread.erase(0, used);
    if (error && error != http::error::need_more)
      return base::fail(base::ErrorKind::invalid, "the answer is no HTTP: " + error.message());
    if (unread.size() > most_header) return base::fail(base::ErrorKind::exhausted, "the answer is too long");
  }
  return HttpAnswer{.status = parser.get().result_int(), .body = std::move(parser.get().body())};
}

}  // namespace godwit::auth
