// SPDX-License-Identifier: Apache-2.0
// Takes all mail and throws it away, at as little cost as may be.  For each line on its standard input it prints one of
// JSON: what came so far, and when the last of it came.  It ends with its input.
//
//   load_sink ADDRESS:PORT [--chunking] [--journal FILE]
//
// With a journal it is the least that accepts mail as a mail server must: 250 to a message is said when all that the
// client sent is in FILE and synced, that of many clients at once.  So it tells what a server could come to here at
// all.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "epoll.hpp"
#include "godwit/base/ip_address.hpp"
#include "journal.hpp"
#include "net/socket_address.hpp"
#include "process_time.hpp"
#include "received_mail.hpp"

namespace godwit::bench {
namespace {

struct Options {
  base::Endpoint endpoint;
  Extensions extensions;
  const char* journal = nullptr;
};

class Sink {
 public:
  explicit Sink(const Options& options) : extensions_(options.extensions) {
    if (options.journal != nullptr) epoll_.add(journal_.emplace(options.journal).notice(), &journal_);
    const auto name = net::to_socket_address(options.endpoint).value();
    listener_.reset(::socket(name.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(listener_.get(), name.get(), name.length) != 0 || ::listen(listener_.get(), 1024) != 0)
      fail_with_errno("listen");
    epoll_.add(listener_.get(), &listener_);
    epoll_.add(STDIN_FILENO, &epoll_);
  }

  void run() {
    for (;;) {
      bool more_is_synced = false;
      for (const auto& event : epoll_.wait(std::chrono::seconds(1))) {
        if (event.data.ptr == &listener_)
          accept();
        else if (event.data.ptr == &journal_)
          more_is_synced = true;
        else if (event.data.ptr != &epoll_)
          serve(*static_cast<Client*>(event.data.ptr));
        else if (!tell())
          return;
      }
      if (more_is_synced) answer_who_waits();  // who may leave with it: after the events of all
    }
  }

 private:
  struct Client {
    Client(net::FileDescriptor accepted, Extensions extensions, Received& received)
        : socket(std::move(accepted)), mail(extensions, received) {}
    net::FileDescriptor socket;
    ReceivedMail mail;
    ReceivedMail::GoingOn going_on = ReceivedMail::GoingOn::yes;
    std::string sent;             // since the last message, where there is a journal
    std::string answers;          // that are not said yet
    std::uint64_t waits_for = 0;  // what must be synced before
  };

  void accept() {
    net::FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    auto client = std::make_unique<Client>(std::move(socket), extensions_, received_);
    Client& whose = *client;
    clients_.emplace(&whose, std::move(client));
    epoll_.add(whose.socket.get(), &whose);
    whose.answers = "220 sink.example ESMTP\r\n";
    answer(whose);
    ++received_.connections;
  }

  void serve(Client& client) {
    const ssize_t got = ::recv(client.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      clients_.erase(&client);
      return;
    }
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    const auto messages = received_.messages;
    client.going_on = client.mail.take(bytes, client.answers);
    if (journal_) {
      client.sent += bytes;
      if (received_.messages != messages) keep(client);
    }
    answer(client);
  }

  void keep(Client& client) {
    client.waits_for = journal_->append(client.sent);
    client.sent.clear();
    waiting_.push_back({client.waits_for, &client});
  }

  void answer_who_waits() {
    synced_ = journal_->synced();
    while (!waiting_.empty() && waiting_.front().number <= synced_) {
      // One that is gone, or has more that is not synced, is not answered.
      if (const auto found = clients_.find(waiting_.front().client); found != clients_.end()) answer(*found->first);
      waiting_.pop_front();
    }
  }

  void answer(Client& client) {
    if (client.waits_for > synced_) return;
    // A client that does not read its answers is none of ours.
    const auto& text = client.answers;
    const bool is_said = text.empty() || ::send(client.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
    client.answers.clear();
    if (!is_said || client.going_on == ReceivedMail::GoingOn::no) clients_.erase(&client);
  }

  bool tell() {
    const ssize_t got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    if (got <= 0) return false;
    fmt::print(R"({{"messages": {}, "recipients": {}, "bytes": {}, "connections": {}, "last": {:.6f}, "cpu": {:.3f}}})"
               "\n",
               received_.messages, received_.recipients, received_.bytes, received_.connections,
               in_seconds(received_.last), cpu_seconds());
    std::fflush(stdout);
    return true;
  }

  const Extensions extensions_;
  Received received_;
  net::FileDescriptor listener_;
  Epoll epoll_;
  std::unordered_map<Client*, std::unique_ptr<Client>> clients_;
  std::array<char, 1 << 18> buffer_;
  struct Waiting {
    std::uint64_t number;
    Client* client;
  };
  std::deque<Waiting> waiting_;  // in the order of the journal
  std::uint64_t synced_ = 0;
  std::optional<Journal> journal_;
};

std::optional<Options> parse(std::span<char*> words) {
  if (words.empty()) return {};
  const auto endpoint = base::Endpoint::parse(words.front());
  if (!endpoint) return {};
  Options options{.endpoint = *endpoint, .extensions = {}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--chunking")
      options.extensions.chunking = true;
    else if (word == "--journal" && i + 1 < words.size())
      options.journal = words[++i];
    else
      return {};
  }
  return options;
}

}  // namespace
}  // namespace godwit::bench

int main(int argc, char** argv) {
  using namespace godwit::bench;
  const auto options = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!options) {
    std::fputs("usage: load_sink ADDRESS:PORT [--chunking] [--journal FILE]\n", stderr);
    return 2;
  }
  try {
    std::make_unique<Sink>(*options)->run();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "load_sink: %s\n", failure.what());
    return 1;
  }
  return 0;
}
