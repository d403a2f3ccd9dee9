// SPDX-License-Identifier: Apache-2.0
// Who asks the control server in tests, and what the server logs of it.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/log/logger.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::control {

// What a peer sends, piece by piece, and what it got.
struct Peer {
  std::deque<std::string> sends;
  std::string got;
  bool ends = true;  // after the last piece; else it stays silent and the wait times out
  bool was_shut_down = false;
  bool was_cancelled = false;
  bool waits = false;                                                     // after the last piece, until it is cancelled
  std::optional<net::PeerCredential> credential = net::PeerCredential();  // root's
};

class PeerStream final : public net::Stream {
 public:
  explicit PeerStream(Peer& peer) : peer_(peer) {}
  net::IoResult try_read(std::span<char> into) override {
    if (peer_.sends.empty()) return {peer_.ends ? net::IoResult::Status::end : net::IoResult::Status::would_block};
    std::string& piece = peer_.sends.front();
    const std::size_t size = std::min(piece.size(), into.size());
    std::copy_n(piece.begin(), size, into.begin());
    piece.erase(0, size);
    if (piece.empty()) peer_.sends.pop_front();
    return {net::IoResult::Status::ok, size};
  }
  net::IoResult try_write(std::string_view bytes) override {
    peer_.got += bytes;
    return {net::IoResult::Status::ok, bytes.size()};
  }
  net::Task<> readable(base::MonoTime) override {
    const auto executor = co_await boost::asio::this_coro::executor;
    while (peer_.waits && !peer_.was_cancelled) co_await boost::asio::post(executor, boost::asio::use_awaitable);
    if (peer_.was_cancelled) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    co_return base::fail(base::ErrorKind::timed_out, "silent");
  }
  net::Task<> writable(base::MonoTime) override { co_return base::Result<>(); }
  void cancel() override { peer_.was_cancelled = true; }
  void shutdown() override { peer_.was_shut_down = true; }
  const base::Endpoint& local() const override { return endpoint_; }
  const base::Endpoint& remote() const override { return endpoint_; }
  std::optional<net::PeerCredential> peer_credential() const override { return peer_.credential; }

 private:
  Peer& peer_;
  base::Endpoint endpoint_;
};

class RefusalsLogger final : public log::Logger {
 public:
  bool enabled(log::Level) const override { return true; }
  void write(log::Level, std::string_view event, std::span<const log::Field> fields) override {
    if (event != "control_refused") return;
    ++lines;
    for (const auto& field : fields)
      if (field.name == "passed_over") passed_over += std::get<std::int64_t>(field.value);
  }
  int lines = 0;
  std::int64_t passed_over = 0;
};

}  // namespace godwit::control
