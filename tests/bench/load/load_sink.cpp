// SPDX-License-Identifier: Apache-2.0
// Takes all mail and throws it away, at as little cost as may be.  For each line on its standard input it prints one of
// JSON: what came so far, and when the last of it came.  It ends with its input.
//
//   load_sink ADDRESS:PORT [--chunking]
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "epoll.hpp"
#include "godwit/base/ip_address.hpp"
#include "net/socket_address.hpp"
#include "process_time.hpp"
#include "received_mail.hpp"

namespace godwit::bench {
namespace {

class Sink {
 public:
  Sink(const base::Endpoint& endpoint, Extensions extensions) : extensions_(extensions) {
    const auto name = net::to_socket_address(endpoint).value();
    listener_.reset(::socket(name.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(listener_.get(), name.get(), name.length) != 0 || ::listen(listener_.get(), 1024) != 0)
      fail_with_errno("listen");
    epoll_.add(listener_.get(), &listener_);
    epoll_.add(STDIN_FILENO, &epoll_);
  }

  void run() {
    for (;;)
      for (const auto& event : epoll_.wait(std::chrono::seconds(1))) {
        if (event.data.ptr == &listener_)
          accept();
        else if (event.data.ptr != &epoll_)
          serve(*static_cast<Client*>(event.data.ptr));
        else if (!tell())
          return;
      }
  }

 private:
  struct Client {
    Client(net::FileDescriptor accepted, Extensions extensions, Received& received)
        : socket(std::move(accepted)), mail(extensions, received) {}
    net::FileDescriptor socket;
    ReceivedMail mail;
  };

  void accept() {
    net::FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    auto client = std::make_unique<Client>(std::move(socket), extensions_, received_);
    Client& whose = *client;
    clients_.emplace(&whose, std::move(client));
    epoll_.add(whose.socket.get(), &whose);
    answer(whose, "220 sink.example ESMTP\r\n");
    ++received_.connections;
  }

  void serve(Client& client) {
    const ssize_t got = ::recv(client.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      clients_.erase(&client);
      return;
    }
    answers_.clear();
    const auto going_on = client.mail.take({buffer_.data(), static_cast<std::size_t>(got)}, answers_);
    answer(client, answers_);
    if (going_on == ReceivedMail::GoingOn::no) clients_.erase(&client);
  }

  // A client that does not read its answers is none of ours.
  static void answer(const Client& client, std::string_view text) {
    if (!text.empty() && ::send(client.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
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
  std::string answers_;
};

}  // namespace
}  // namespace godwit::bench

int main(int argc, char** argv) {
  using namespace godwit::bench;
  const auto endpoint = argc > 1 ? godwit::base::Endpoint::parse(argv[1]) : std::nullopt;
  const bool chunking = argc > 2 && std::string_view(argv[2]) == "--chunking";
  if (!endpoint || argc > (chunking ? 3 : 2)) {
    std::fputs("usage: load_sink ADDRESS:PORT [--chunking]\n", stderr);
    return 2;
  }
  try {
    std::make_unique<Sink>(*endpoint, Extensions{.chunking = chunking})->run();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "load_sink: %s\n", failure.what());
    return 1;
  }
  return 0;
}
