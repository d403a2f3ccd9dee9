// SPDX-License-Identifier: Apache-2.0
#include "key_channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

namespace godwit::daemon {
namespace {

constexpr std::size_t largest_signature = 16384;  // of RSA with 16384 bits, the largest that OpenSSL has, and more

constexpr std::size_t most_released = 1024;  // with one question: beside the longest path

// One may be over at once, though nobody was slow: when the machine stood still.
constexpr int most_waits = 2;

base::Error lost() {
  return {.kind = base::ErrorKind::closed, .message = "the process that holds the private keys has ended"};
}

class Lane {
 public:
  Lane(net::FileDescriptor socket, base::Duration patience) : socket_(std::move(socket)) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(patience / most_waits).count();
    const timeval limit{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  // Fails at once while the question before is unanswered.
  base::Result<KeyReply> ask(KeyRequest request, std::size_t room) {
    if (is_owed_) return std::unexpected(error_of(EAGAIN));
    request.number = ++last_;
    const auto bytes = to_bytes(request);
    if (bytes.size() > largest_packet) return std::unexpected(too_large());
    // Room for one there is always, unless the other side does not answer.
    if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
      return std::unexpected(error_of(errno));
    is_owed_ = true;
    return hear(room, 0);
  }

  // To a question whose time was over, if it has come meanwhile.
  std::optional<KeyReply> take_late(std::size_t room) {
    if (!is_owed_) return {};
    auto reply = hear(room, MSG_DONTWAIT);
    return reply ? std::optional(std::move(*reply)) : std::nullopt;
  }

 private:
  base::Result<KeyReply> hear(std::size_t room, int flags) {
    std::string buffer(room, '\0');
    for (int waits = 0;;) {
      const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), flags);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN && flags == 0 && ++waits < most_waits) continue;
      if (got < 0) return std::unexpected(error_of(errno));
      is_owed_ = false;
      auto reply = reply_in(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
      if (!reply || reply->number != last_) return std::unexpected(lost());
      return std::move(*reply);
    }
  }
  static base::Error error_of(int code) {
    if (code == EAGAIN || code == EWOULDBLOCK)
      return {.kind = base::ErrorKind::timed_out, .message = "the process that holds the private keys does not answer"};
    if (code == EMSGSIZE) return too_large();
    return lost();
  }
  static base::Error too_large() {
    return {.kind = base::ErrorKind::exhausted, .message = "what is to be signed is too large"};
  }

  net::FileDescriptor socket_;
  std::uint32_t last_ = 0;
  bool is_owed_ = false;  // the reply to that
};

}  // namespace

class KeyChannel::State {
 public:
  State(net::FileDescriptor files, std::vector<net::FileDescriptor> signing, base::Duration patience,
        std::function<void()> on_lost)
      : patience_(patience), on_lost_(std::move(on_lost)), files_(std::move(files), patience) {
    for (auto& socket : signing) free_.push_back(std::make_unique<Lane>(std::move(socket), patience));
  }

  base::Result<KeyReply> ask_for_file(KeyRequest request) {
    const Turn turn(*this);
    if (!turn)
      return base::fail(base::ErrorKind::timed_out, "the process that holds the private keys is busy with other files");
    if (const auto late = files_.take_late(largest_packet); late && late->key != 0) release(late->key);
    const auto released = take_released();
    request.released = released;
    auto reply = files_.ask(std::move(request), largest_packet);
    if (!reply) put_back(released);
    return reply;
  }

  base::Result<std::string> sign(std::uint64_t key, const net::SigningOrder& order) {
    auto lane = take_lane();
    if (!lane) return std::unexpected(std::move(lane.error()));
    auto reply = (*lane)->ask({.task = KeyTask::sign, .key = key, .order = order}, largest_signature);
    const bool is_lost = !reply && reply.error().kind != base::ErrorKind::exhausted;
    give_back(std::move(*lane), is_lost);
    if (!reply) return std::unexpected(std::move(reply.error()));
    return std::move(reply->result);
  }

  // Never waits: said with the next question for a file.
  void release(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    released_.push_back(key);
  }

  void end() {
    const std::lock_guard lock(mutex_);
    is_lost_ = true;
    free_.clear();
    changed_.notify_all();
  }

 private:
  // To ask for a file: one at a time.  False where others had it as long as one waits.  (No std::timed_mutex:
  // ThreadSanitizer does not know how that is locked.)
  class Turn {
   public:
    explicit Turn(State& state) : state_(state) {
      std::unique_lock lock(state_.mutex_);
      is_ours_ = state_.file_asked_.wait_for(lock, state_.patience_, [this] { return !state_.is_asking_; });
      if (is_ours_) state_.is_asking_ = true;
    }
    ~Turn() {
      if (!is_ours_) return;
      const std::lock_guard lock(state_.mutex_);
      state_.is_asking_ = false;
      state_.file_asked_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    explicit operator bool() const { return is_ours_; }

   private:
    State& state_;
    bool is_ours_;
  };

  std::vector<std::uint64_t> take_released() {
    const std::lock_guard lock(mutex_);
    const auto from = released_.end() - static_cast<std::ptrdiff_t>(std::min(released_.size(), most_released));
    std::vector<std::uint64_t> taken(from, released_.end());
    released_.erase(from, released_.end());
    return taken;
  }

  // Saying it twice does no harm.
  void put_back(const std::vector<std::uint64_t>& released) {
    const std::lock_guard lock(mutex_);
    released_.insert(released_.end(), released.begin(), released.end());
  }

  base::Result<std::unique_ptr<Lane>> take_lane() {
    std::unique_lock lock(mutex_);
    const bool is_decided = changed_.wait_for(lock, patience_, [this] { return is_lost_ || !free_.empty(); });
    if (is_lost_) return std::unexpected(lost());
    if (!is_decided)
      return base::fail(base::ErrorKind::timed_out, "the process that holds the private keys is too busy");
    auto lane = std::move(free_.back());
    free_.pop_back();
    return lane;
  }

  void give_back(std::unique_ptr<Lane> lane, bool is_lost) {
    {
      const std::lock_guard lock(mutex_);
      if (is_lost && std::exchange(is_lost_, true)) return;
      if (!is_lost && !is_lost_) free_.push_back(std::move(lane));
    }
    if (is_lost) {
      changed_.notify_all();
      on_lost_();
    } else {
      changed_.notify_one();
    }
  }

  const base::Duration patience_;
  const std::function<void()> on_lost_;
  Lane files_;        // of whoever has the turn
  std::mutex mutex_;  // of all below
  std::condition_variable file_asked_, changed_;
  std::vector<std::unique_ptr<Lane>> free_;  // of those that sign
  std::vector<std::uint64_t> released_;
  bool is_asking_ = false;  // for a file
  bool is_lost_ = false;
};

class KeyChannel::Signer final : public net::RemoteSigner {
 public:
  Signer(std::shared_ptr<State> state, std::uint64_t key) : state_(std::move(state)), key_(key) {}
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  ~Signer() override { state_->release(key_); }
  base::Result<std::string> sign(const net::SigningOrder& order) const override { return state_->sign(key_, order); }

 private:
  const std::shared_ptr<State> state_;
  const std::uint64_t key_;
};

KeyChannel::KeyChannel(net::FileDescriptor files, std::vector<net::FileDescriptor> signing, base::Duration patience,
                       std::function<void()> on_lost)
    : state_(std::make_shared<State>(std::move(files), std::move(signing), patience, std::move(on_lost))) {}

KeyChannel::~KeyChannel() {
  state_->end();
}

base::Result<KeyReply> KeyChannel::ask(KeyTask task, const std::string& path) const {
  auto reply = state_->ask_for_file({.task = task, .path = path});
  if (!reply) return base::fail(reply.error().kind, path + ": " + reply.error().message);
  if (!reply->result) return std::unexpected(std::move(reply->result.error()));
  return reply;
}

base::Result<net::PkeyPtr> KeyChannel::private_key(const std::string& path) const {
  const auto reply = ask(KeyTask::private_key, path);
  if (!reply) return std::unexpected(reply.error());
  auto key = net::make_remote_key(*reply->result, std::make_shared<const Signer>(state_, reply->key));
  if (!key) return base::fail(base::ErrorKind::invalid, path + ": no such key is used: " + net::take_openssl_error());
  return key;
}

base::Result<std::string> KeyChannel::certificates(const std::string& path) const {
  auto reply = ask(KeyTask::certificates, path);
  if (!reply) return std::unexpected(std::move(reply.error()));
  return std::move(*reply->result);
}

base::Result<> KeyChannel::readable(const std::string& path) const {
  const auto reply = ask(KeyTask::readable, path);
  if (!reply) return std::unexpected(reply.error());
  return {};
}

base::Result<net::FileStamp> KeyChannel::stamp(const std::string& path) const {
  const auto reply = ask(KeyTask::stamp, path);
  if (!reply) return std::unexpected(reply.error());
  return reply->stamp;
}

}  // namespace godwit::daemon
