// SPDX-License-Identifier: Apache-2.0
// A server on a Unix socket that says the same to everybody, and then nothing more.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "fuzz/fuzz.hpp"

namespace godwit::fuzz {

class LocalServer {
 public:
  LocalServer()
      : path_("/tmp/godwit-fuzz-" + std::to_string(::getpid())), listening_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(static_cast<char*>(address.sun_path), path_.c_str(), path_.size() + 1);
    ::unlink(path_.c_str());
    require(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    require(::listen(listening_, 8) == 0);
  }
  ~LocalServer() {
    ::close(listening_);
    ::unlink(path_.c_str());
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  const std::string& path() const { return path_; }
  // To the one that connects next.
  std::jthread say(std::string text) {
    return std::jthread([this, text = std::move(text)] {
      const int one = ::accept(listening_, nullptr, nullptr);
      for (std::string_view rest = text; !rest.empty();) {
        const auto sent = ::send(one, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
      ::shutdown(one, SHUT_WR);
      char heard[256];
      while (::recv(one, heard, sizeof heard, 0) > 0) continue;
      ::close(one);
    });
  }

 private:
  std::string path_;
  int listening_;
};

}  // namespace godwit::fuzz
