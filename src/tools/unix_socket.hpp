// SPDX-License-Identifier: Apache-2.0
// A connected Unix stream socket of a program that may block.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::tools {

class UnixSocket {
 public:
  explicit UnixSocket(int descriptor) : descriptor_(descriptor) {}
  UnixSocket(UnixSocket&& other) noexcept;
  UnixSocket& operator=(UnixSocket&&) = delete;
  ~UnixSocket();

  // Errors: io (os_error: ENOENT, ECONNREFUSED, EACCES of the socket; EAGAIN: nobody takes new connections).
  static base::Result<UnixSocket> connect(const std::string& path);

  int get() const { return descriptor_; }
  // How long one send() or receive() waits.
  void set_patience(std::chrono::seconds patience);
  // Errors: timed_out, io.
  base::Result<> send(std::string_view bytes);
  // 0: the peer has ended.  Errors: timed_out, io.
  base::Result<std::size_t> receive(std::span<char> into);

 private:
  int descriptor_;
};

}  // namespace godwit::tools
