// SPDX-License-Identifier: Apache-2.0
// A stream whose peer is slow in virtual time: what it sends arrives at set moments, and it takes so much of what we
// write every so often.  A wait moves the clock to the moment when it ends; one that would end after its deadline moves
// it there and times out.
#pragma once

#include <algorithm>
#include <cerrno>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/net/stream.hpp"
#include "support/manual_clock.hpp"

namespace godwit::testing {

class TricklingStream final : public net::Stream {
 public:
  TricklingStream(boost::asio::any_io_executor executor, ManualClock& clock)
      : executor_(std::move(executor)), clock_(clock), last_(clock.now) {
    endpoint_ = {.address = base::IpAddress::v4({127, 0, 0, 1}), .port = 25, .unix_path = {}};
    remote_ = endpoint_;
  }

  // What the peer sends, each so long after the one before.  After the last comes silence.
  void then(base::Duration delay, std::string_view bytes) {
    last_ += delay;
    arrivals_.push_back({last_, std::string(bytes)});
  }
  // When all that was said to come has come: this, over and over.
  void forever(base::Duration every, std::string_view bytes) { endless_ = {every, std::string(bytes)}; }
  // After the last of it the peer hangs up.
  void hang_up() { hangs_up_ = true; }
  // The peer hangs up when it has taken so much of what we write; what it sent before can still be read.
  void break_after(std::size_t bytes) { breaks_after_ = bytes; }
  // The peer hangs up when it has taken what we write to this end, but for what it says before.
  void break_after_end(std::string_view end) { breaks_after_end_ = end; }
  // The peer takes no more than this, ever.
  void stop_taking_after(std::size_t bytes) { most_ = bytes; }
  void come_from(std::string_view address) { remote_.address = *base::IpAddress::parse(address); }
  // The peer takes at most so many bytes every so often; otherwise all at once.
  void take(std::size_t bytes, base::Duration every) { taking_ = {every, bytes}; }

  // The peer is a program of this machine, run by this user.
  void set_user(uid_t user) { user_ = user; }

  // Shared with the test, since drivers own their stream.
  std::shared_ptr<std::string> written() const { return written_; }

  net::IoResult try_read(std::span<char> into) override {
    if (has_ended()) return {.status = net::IoResult::Status::end};
    const auto next = next_arrival();
    if (!next || *next > clock_.now) return {.status = net::IoResult::Status::would_block};
    if (arrivals_.empty()) then(endless_->every, endless_->bytes);
    auto& bytes = arrivals_.front().bytes;
    const std::size_t size = bytes.copy(into.data(), into.size());
    bytes.erase(0, size);
    if (bytes.empty()) arrivals_.pop_front();
    return {.status = net::IoResult::Status::ok, .bytes = size};
  }

  net::IoResult try_write(std::string_view bytes) override {
    if (has_ended() || written_->size() >= breaks_after_)
      return {.status = net::IoResult::Status::failed, .os_error = EPIPE};
    if (written_->size() >= most_ || (taking_ && next_take_ > clock_.now))
      return {.status = net::IoResult::Status::would_block};
    if (taking_) next_take_ = clock_.now + taking_->every;
    const std::size_t size = taking_ ? std::min(bytes.size(), taking_->bytes) : bytes.size();
    *written_ += bytes.substr(0, size);
    return {.status = net::IoResult::Status::ok, .bytes = size};
  }

  net::Task<> readable(base::MonoTime deadline) override { return wait(next_arrival(), deadline); }
  net::Task<> writable(base::MonoTime deadline) override {
    if (written_->size() >= most_) return wait({}, deadline);
    return wait(next_take_, deadline);
  }

  bool can_park() const override { return true; }
  void park(base::MonoTime deadline, Wake then) override {
    auto parked = [this, deadline, then = std::move(then)]() mutable {
      wait_until(next_arrival(), deadline);
      then();
    };
    boost::asio::post(executor_, std::move(parked));
  }

  void cancel() override {}
  void shutdown() override {}
  const base::Endpoint& local() const override { return endpoint_; }
  const base::Endpoint& remote() const override { return remote_; }
  std::optional<net::PeerCredential> peer_credential() const override {
    if (!user_) return {};
    return net::PeerCredential{.user = *user_, .group = 0, .process = 0};
  }

 private:
  struct Arrival {
    base::MonoTime at;
    std::string bytes;
  };
  struct Endless {
    base::Duration every{};
    std::string bytes;
  };
  struct Taking {
    base::Duration every{};
    std::size_t bytes = 0;
  };

  std::optional<base::MonoTime> next_arrival() const {
    if (!arrivals_.empty()) return arrivals_.front().at;
    if (hangs_up_) return last_;
    if (endless_) return last_ + endless_->every;
    return {};
  }

  bool has_ended() const {
    const bool gone = hangs_up_ || written_->size() >= breaks_after_ ||
                      (!breaks_after_end_.empty() && written_->ends_with(breaks_after_end_));
    return gone && arrivals_.empty() && last_ <= clock_.now;
  }

  net::Task<> wait(std::optional<base::MonoTime> ready, base::MonoTime deadline) {
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    if (!wait_until(ready, deadline)) co_return base::fail(base::ErrorKind::timed_out, "timed out");
    co_return base::Result<>();
  }
  // False: it timed out.
  bool wait_until(std::optional<base::MonoTime> ready, base::MonoTime deadline) {
    const bool in_time = ready && *ready <= deadline;
    if (in_time || deadline != base::no_deadline) clock_.advance_to(in_time ? *ready : deadline);
    return in_time;
  }

  boost::asio::any_io_executor executor_;
  ManualClock& clock_;
  base::Endpoint endpoint_;
  base::Endpoint remote_;
  std::deque<Arrival> arrivals_;
  base::MonoTime last_;
  std::optional<Endless> endless_;
  std::optional<Taking> taking_;
  base::MonoTime next_take_{};
  bool hangs_up_ = false;
  std::string breaks_after_end_;
  std::size_t most_ = std::numeric_limits<std::size_t>::max();
  std::size_t breaks_after_ = std::numeric_limits<std::size_t>::max();
  std::optional<uid_t> user_;
  std::shared_ptr<std::string> written_ = std::make_shared<std::string>();
};

}  // namespace godwit::testing
