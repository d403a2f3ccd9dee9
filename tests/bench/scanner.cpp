// SPDX-License-Identifier: Apache-2.0
// A milter as scanners for spam are, but for the scanning: it takes the whole message, thinks for a while, adds a
// header field and accepts.  Its peers are mail servers under measurement, so it trusts what they send.
//
//   scanner ADDRESS PORT [MILLISECONDS]     default 5
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr std::uint32_t version = 6;
constexpr std::uint32_t adds_fields = 1;

bool read_all(int socket, char* into, std::size_t size) {
  while (size > 0) {
    const auto got = ::recv(socket, into, size, 0);
    if (got <= 0) return false;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

std::string number(std::uint32_t value) {
  const std::uint32_t wire = htonl(value);
  return {static_cast<const char*>(static_cast<const void*>(&wire)), sizeof wire};
}

std::string packet(char command, std::string_view data) {
  return number(static_cast<std::uint32_t>(data.size() + 1)) + command + std::string(data);
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// What is said to a command; "": nothing.
std::string answer(char command, std::chrono::milliseconds thinking) {
  using namespace std::string_view_literals;
  switch (command) {
    case 'O':  // options: the version, what it changes, and that it wants all steps
      return packet('O', number(version) + number(adds_fields) + number(0));
    case 'D':  // macros
    case 'A':  // abort
    case 'K':  // another connection of the client
      return {};
    case 'E':  // the end of the message
      std::this_thread::sleep_for(thinking);
      return packet('h', "X-Scanned\0by a scanner\0"sv) + packet('c', {});
    default:
      return packet('c', {});
  }
}

void serve(int socket, std::chrono::milliseconds thinking) {
  std::string data;
  for (;;) {
    std::uint32_t length = 0;
    if (!read_all(socket, static_cast<char*>(static_cast<void*>(&length)), sizeof length)) break;
    data.resize(ntohl(length));
    if (data.empty() || !read_all(socket, data.data(), data.size()) || data.front() == 'Q') break;
    send_all(socket, answer(data.front(), thinking));
  }
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (argc < 3 || ::inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
    std::fputs("usage: scanner ADDRESS PORT [MILLISECONDS]\n", stderr);
    return 2;
  }
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  const std::chrono::milliseconds thinking(argc > 3 ? std::atoi(argv[3]) : 5);
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto* name = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::bind(listener, name, sizeof address) != 0 || ::listen(listener, 1024) != 0) {
    std::perror("scanner");
    return 1;
  }
  for (;;) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket >= 0) std::thread(serve, socket, thinking).detach();
  }
}
