// SPDX-License-Identifier: Apache-2.0
// Fills the folders of a host that is not running with messages that were accepted and wait for their next attempt, in
// the spool and in the history, as fast as the disk takes them.
//
//   fill_host SPOOL_DIRECTORY STATE_DIRECTORY MESSAGES
//
// Message N is from senderS@source.example (S: N modulo 1000) to userN@dD.example (D: N modulo 500), with the
// Message-ID <N@source.example>; the last one is from last@source.example.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/disk/posix_disk.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/history.hpp"

namespace godwit::test {
namespace {

constexpr int senders = 100;
constexpr std::uint64_t gathered = 1000;  // messages between two writes of the history
constexpr std::string_view reply = "451 4.7.1 come back later";

template <class T>
T wait(boost::asio::thread_pool& on, boost::asio::awaitable<T> task) {
  return boost::asio::co_spawn(on, std::move(task), boost::asio::use_future).get();
}

class Filler {
 public:
  Filler(std::string spool, const std::string& state, std::uint64_t messages)
      : messages_(messages),
        history_(state + "/history", {}, disk_, clock_, log::null_logger(), histories_.get_executor()) {
    settings_.directory = std::move(spool);
    settings_.min_free = 0;
  }

  bool fill() {
    auto opened =
        wait(callers_, spool::open_spool(settings_, disk_, clock_, random_, log::null_logger(),
                                         {committer_.get_executor(), pool_.get_executor(), pool_.get_executor()}));
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().message.c_str());
      return false;
    }
    spool_ = std::move(*opened);
    history_.start();
    std::vector<std::future<bool>> running;
    for (int i = 0; i < senders; ++i)
      running.push_back(boost::asio::co_spawn(callers_, send_some(), boost::asio::use_future));
    bool good = true;
    for (auto& one : running) good = one.get() && good;
    boost::asio::co_spawn(callers_, spool_->stop(), boost::asio::use_future).get();
    boost::asio::co_spawn(callers_, history_.stop(), boost::asio::use_future).get();
    if (const auto lost = history_.counts().lost; lost > 0) std::fprintf(stderr, "%lu events are lost\n", lost);
    return good && history_.counts().lost == 0;
  }

 private:
  mail::Envelope envelope(std::uint64_t number) const {
    mail::Envelope envelope;
    const auto sender = number + 1 == messages_ ? std::string("last") : fmt::format("sender{}", number % 1000);
    envelope.sender = smtp::Mailbox{sender, "source.example"};
    envelope.recipients.push_back({.address = {fmt::format("user{}", number), fmt::format("d{}.example", number % 500)},
                                   .original = {},
                                   .orcpt = {},
                                   .last_reply = {}});
    envelope.accepted = clock_.wall();
    envelope.client_address = "192.0.2.1";
    envelope.client_hello = "client.example";
    envelope.protocol = "ESMTP";
    return envelope;
  }

  boost::asio::awaitable<bool> send_some() {
    for (std::uint64_t number = next_++; number < messages_; number = next_++) {
      auto sending = send(number);
      const bool sent = co_await std::move(sending);
      if (!sent) co_return false;
    }
    co_return true;
  }

  boost::asio::awaitable<bool> send(std::uint64_t number) {
    const auto body = fmt::format(
        "Message-ID: <{0}@source.example>\r\nFrom: sender@source.example\r\nTo: user{0}@example\r\nSubject: number "
        "{0}\r\n\r\n"
        "A letter, and not a long one.\r\n",
        number);
    auto about = envelope(number);
    auto incoming = spool_->begin(body.size());
    while (!incoming) {
      // As a session would: later.
      boost::asio::steady_timer timer(callers_, std::chrono::milliseconds(5));
      co_await timer.async_wait(boost::asio::use_awaitable);
      incoming = spool_->begin(body.size());
    }
    auto written = co_await (*incoming)->write(body);
    if (!written) co_return false;
    auto committed = co_await (*incoming)->commit(about);
    if (!committed) co_return false;
    mail::Update update;
    update.recipients.emplace_back().last_reply = reply;
    update.attempts = 1;
    update.next_attempt = clock_.wall() + std::chrono::hours(4);
    spool_->update(*committed, std::move(update));
    remember(*committed, number, about);
    if (number % gathered == 0) static_cast<void>(co_await history_.of(*committed));  // so that nothing is lost
    co_return true;
  }

  // The fields that a daemon's events have, by which they are found.
  void remember(base::MessageId id, std::uint64_t number, const mail::Envelope& envelope) {
    const auto name = base::to_string(id);
    const auto from = "<" + smtp::to_string(envelope.sender) + ">";
    const auto to = "<" + smtp::to_string(envelope.recipients[0].address) + ">";
    const auto message_id = fmt::format("<{}@source.example>", number);
    const log::Field accepted[] = {{"id", name},
                                   {"from", from},
                                   {"to", to},
                                   {"recipients", 1},
                                   {"size", 200},
                                   {"client", "192.0.2.1"},
                                   {"hello", "client.example"},
                                   {"protocol", "ESMTP"},
                                   {"account", ""},
                                   {"tls", "none"},
                                   {"message_id", message_id},
                                   {"verified", "spf=none dkim=none"}};
    const log::Field deferred[] = {{"id", name},
                                   {"from", from},
                                   {"to", to},
                                   {"relay", "mx.example[192.0.2.2]:25"},
                                   {"stage", "rcpt"},
                                   {"code", 451},
                                   {"enhanced", "4.7.1"},
                                   {"reply", reply},
                                   {"delay", "1s"},
                                   {"attempts", 1},
                                   {"tls", "none"},
                                   {"class", "other"}};
    history_.add("accepted", accepted);
    history_.add("deferred", deferred);
  }

  const std::uint64_t messages_;
  spool::Settings settings_;
  disk::PosixDisk disk_;
  base::SystemClock clock_;
  base::SeededRandom random_{static_cast<std::uint64_t>(::getpid())};
  boost::asio::thread_pool committer_{1};
  boost::asio::thread_pool pool_{1};
  boost::asio::thread_pool histories_{1};
  boost::asio::thread_pool callers_{1};
  std::unique_ptr<spool::Spool> spool_;
  state::History history_;
  std::atomic<std::uint64_t> next_ = 0;
};

}  // namespace
}  // namespace godwit::test

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: fill_host SPOOL_DIRECTORY STATE_DIRECTORY MESSAGES\n");
    return 2;
  }
  godwit::test::Filler filler(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
  return filler.fill() ? 0 : 1;
}
