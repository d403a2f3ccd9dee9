// SPDX-License-Identifier: Apache-2.0
// Streams without sockets, for tests of drivers: one with scripted input that keeps what was written, or two connected
// to each other.  How they try the driver's patience is in StreamManners; FailCount makes operation 1, 2, 3, … fail in
// turn:
//
//   for (std::size_t n = 0;; ++n) { FailCount fail(n); …run the dialogue…; if (!fail.happened()) break; }
#pragma once

#include <cerrno>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/net/stream.hpp"

namespace godwit::testing {

class FailCount {
 public:
  explicit FailCount(std::size_t fails_at) : left_(fails_at) {}
  bool hit() {
    if (happened_) return true;  // what broke stays broken
    if (left_-- == 0) happened_ = true;
    return happened_;
  }
  bool happened() const { return happened_; }

 private:
  std::size_t left_;
  bool happened_ = false;
};

struct StreamManners {
  std::size_t read_at_most = std::numeric_limits<std::size_t>::max();   // bytes a try
  std::size_t write_at_most = std::numeric_limits<std::size_t>::max();  // bytes a try
  std::size_t capacity = std::numeric_limits<std::size_t>::max();  // bytes on the way to the peer before writes block
  bool block_first = false;   // every try says would_block once before it does something
  FailCount* fail = nullptr;  // every try and wait counts; a failed one is a connection reset
};

class ScriptedStream final : public net::Stream {
  struct Pipe {  // one direction
    explicit Pipe(const boost::asio::any_io_executor& executor)
        : readable(executor, boost::asio::steady_timer::time_point::max()),
          writable(executor, boost::asio::steady_timer::time_point::max()) {}
    std::string bytes;
    bool ended = false;      // the writer shut it down
    bool abandoned = false;  // the reader is gone
    boost::asio::steady_timer readable;
    boost::asio::steady_timer writable;
  };

 public:
  // Scripted: give it input with feed(), see written().  A read that finds the script used up times out at once.
  explicit ScriptedStream(boost::asio::any_io_executor executor, StreamManners manners = {})
      : ScriptedStream(executor, std::make_shared<Pipe>(executor), std::make_shared<Pipe>(executor), manners) {
    scripted_ = true;
  }
  ~ScriptedStream() override {
    in_->abandoned = true;
    in_->writable.cancel();
    end_output();
  }

  using Pair = std::pair<std::unique_ptr<ScriptedStream>, std::unique_ptr<ScriptedStream>>;
  static Pair make_pair(boost::asio::any_io_executor executor, StreamManners first = {}, StreamManners second = {}) {
    auto there = std::make_shared<Pipe>(executor);
    auto back = std::make_shared<Pipe>(executor);
    return {std::unique_ptr<ScriptedStream>(new ScriptedStream(executor, back, there, first)),
            std::unique_ptr<ScriptedStream>(new ScriptedStream(executor, there, back, second))};
  }

  void feed(std::string_view bytes) {
    in_->bytes += bytes;
    in_->readable.cancel();
  }
  void feed_end() {
    in_->ended = true;
    in_->readable.cancel();
  }
  // Everything written and not yet taken (by the peer, or by take_written()).
  const std::string& written() const { return out_->bytes; }
  std::string take_written() { return std::exchange(out_->bytes, {}); }
  bool was_shut_down() const { return out_->ended; }
  // The deadlines of the waits under way pass now.
  void expire() {
    expired_ = true;
    wake();
  }

  net::IoResult try_read(std::span<char> into) override {
    using Status = net::IoResult::Status;
    if (fails()) return reset();
    if (blocks(read_blocked_)) return {.status = Status::would_block};
    if (in_->bytes.empty()) return {.status = in_->ended ? Status::end : Status::would_block};
    const std::size_t size = std::min({into.size(), in_->bytes.size(), manners_.read_at_most});
    in_->bytes.copy(into.data(), size);
    in_->bytes.erase(0, size);
    in_->writable.cancel();
    return {.status = Status::ok, .bytes = size};
  }

  net::IoResult try_write(std::string_view bytes) override {
    using Status = net::IoResult::Status;
    if (fails()) return reset();
    if (out_->abandoned || out_->ended) return {.status = Status::failed, .os_error = EPIPE};
    if (blocks(write_blocked_)) return {.status = Status::would_block};
    const std::size_t room = manners_.capacity - std::min(manners_.capacity, out_->bytes.size());
    const std::size_t size = std::min({bytes.size(), manners_.write_at_most, room});
    if (size == 0) return {.status = Status::would_block};
    out_->bytes += bytes.substr(0, size);
    out_->readable.cancel();
    return {.status = Status::ok, .bytes = size};
  }

  net::Task<> readable(base::MonoTime deadline) override {
    return wait(in_, &ScriptedStream::can_read, &Pipe::readable, deadline);
  }
  net::Task<> writable(base::MonoTime deadline) override {
    return wait(out_, &ScriptedStream::can_write, &Pipe::writable, deadline);
  }

  void cancel() override {
    cancelled_ = true;
    wake();
  }
  void interrupt() override {
    interrupted_ = true;
    wake();
  }
  void shutdown() override { end_output(); }
  const base::Endpoint& local() const override { return local_; }
  const base::Endpoint& remote() const override { return remote_; }
  bool peer_finished() const override { return in_->ended; }
  void set_remote(base::Endpoint remote) { remote_ = std::move(remote); }

 private:
  ScriptedStream(boost::asio::any_io_executor executor, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out,
                 StreamManners manners)
      : executor_(std::move(executor)), in_(std::move(in)), out_(std::move(out)), manners_(manners) {
    local_ = remote_ = {.address = base::IpAddress::v4({127, 0, 0, 1}), .port = 25, .unix_path = {}};
  }

  bool fails() { return manners_.fail != nullptr && manners_.fail->hit(); }
  bool blocks(bool& blocked) {
    if (!manners_.block_first) return false;
    blocked = !blocked;
    return blocked;
  }
  static net::IoResult reset() { return {.status = net::IoResult::Status::failed, .os_error = ECONNRESET}; }
  bool can_read() const { return !in_->bytes.empty() || in_->ended; }
  bool can_write() const { return out_->bytes.size() < manners_.capacity || out_->abandoned || out_->ended; }

  // Always goes through the executor once, as a socket's wait does.
  net::Task<> wait(std::shared_ptr<Pipe> pipe, bool (ScriptedStream::*possible)() const,
                   boost::asio::steady_timer Pipe::*parked, base::MonoTime deadline) {
    interrupted_ = expired_ = false;
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    if (fails()) co_return base::fail(base::ErrorKind::closed, "connection reset", ECONNRESET);
    while (!(this->*possible)() && !cancelled_ && !interrupted_ && !expired_) {
      if (scripted_ && deadline != base::no_deadline) co_return base::fail(base::ErrorKind::timed_out, "timed out");
      boost::system::error_code woken;
      co_await ((*pipe).*parked).async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
    if (cancelled_ || interrupted_) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    if (!(this->*possible)()) co_return base::fail(base::ErrorKind::timed_out, "timed out");
    co_return base::Result<>();
  }

  void wake() {
    in_->readable.cancel();
    out_->writable.cancel();
  }
  void end_output() {
    out_->ended = true;
    out_->readable.cancel();
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  StreamManners manners_;
  base::Endpoint local_;
  base::Endpoint remote_;
  bool scripted_ = false;
  bool read_blocked_ = false;
  bool write_blocked_ = false;
  bool cancelled_ = false;
  bool interrupted_ = false;
  bool expired_ = false;
};

}  // namespace godwit::testing
