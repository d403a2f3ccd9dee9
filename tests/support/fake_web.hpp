// SPDX-License-Identifier: Apache-2.0
// A network with one web server on it, which answers every connection alike, whatever its address; time stands still.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "godwit/net/stream.hpp"
#include "godwit/net/tls.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_stream.hpp"

namespace godwit::testing {

// A whole answer of HTTP/1.1.
inline std::string http_answer(unsigned status, const std::string& type, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class FakeWeb final : public net::Network {
 public:
  FakeWeb(boost::asio::io_context& io, ManualClock& clock) : io_(io), clock_(clock) {}

  std::shared_ptr<const net::TlsServerContext> tls;  // null: in clear
  std::string answer;
  std::vector<base::Endpoint> down;   // these refuse
  std::vector<base::Endpoint> asked;  // in order
  std::vector<std::string> requests;  // what was asked, in order
  std::size_t answers_each = 1;       // on a connection, then it hangs up
  StreamManners manners;              // of the server

  net::Task<std::unique_ptr<net::Stream>> connect(base::Endpoint remote, net::ConnectOptions) override {
    asked.push_back(remote);
    if (std::ranges::find(down, remote) != down.end())
      co_return base::fail(base::ErrorKind::refused, "connection refused");
    auto [ours, theirs] = ScriptedStream::make_pair(io_.get_executor(), manners);
    auto serving = serve(std::move(ours));
    boost::asio::co_spawn(io_, std::move(serving), boost::asio::detached);
    co_return std::unique_ptr<net::Stream>(std::move(theirs));
  }
  net::Task<> sleep_until(base::MonoTime) override { co_return base::Result<>(); }
  base::MonoTime now() const override { return clock_.now; }

 private:
  boost::asio::awaitable<void> serve(std::unique_ptr<net::Stream> stream) {
    if (tls) {
      auto secured = co_await net::tls_accept(std::move(stream), tls, base::no_deadline);
      if (!secured) co_return;
      stream = std::move(*secured);
    }
    for (std::size_t answered = 0; answered < answers_each; ++answered) {
      std::string request;
      std::string piece(4096, '\0');
      while (!is_whole(request)) {
        auto got = co_await net::read_some(*stream, piece, base::no_deadline);
        if (!got) co_return;
        request.append(piece, 0, *got);
      }
      requests.push_back(std::move(request));
      const auto text = answer;
      static_cast<void>(co_await net::write_all(*stream, text, base::no_deadline));
    }
    stream->shutdown();
  }

  static bool is_whole(const std::string& request) {
    if (request.starts_with('\x16')) return true;  // TLS, which a server in clear does not understand
    const auto end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto field = request.find("Content-Length: ");
    const auto size = field < end ? std::stoul(request.substr(field + 16)) : 0;
    return request.size() >= end + 4 + size;
  }

  boost::asio::io_context& io_;
  ManualClock& clock_;
};

}  // namespace godwit::testing
