// SPDX-License-Identifier: Apache-2.0
#include "smtp_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace godwit::tools {
namespace {

base::Result<> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::fail_os("standard output", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

class Proxy {
 public:
  Proxy(int input, int output, UnixSocket& daemon) : input_(input), output_(output), daemon_(daemon) {}

  base::Result<> run() {
    for (;;) {
      std::array<pollfd, 2> waits{{{.fd = daemon_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = input_ends_ ? -1 : input_, .events = POLLIN, .revents = 0}}};
      if (::poll(waits.data(), waits.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return base::fail_os("poll", errno);
      }
      if (waits[0].revents != 0) {
        const auto got = daemon_.receive(bytes_);
        if (!got) return std::unexpected(got.error());
        if (*got == 0) return {};
        if (auto written = write_all(output_, {bytes_.data(), *got}); !written) return written;
      }
      if (waits[1].revents != 0)
        if (auto taken = take_input(); !taken) return taken;
    }
  }

 private:
  base::Result<> take_input() {
    const ssize_t got = ::read(input_, bytes_.data(), bytes_.size());
    if (got < 0 && errno == EINTR) return {};
    if (got < 0) return base::fail_os("standard input", errno);
    if (got == 0) {
      input_ends_ = true;
      ::shutdown(daemon_.get(), SHUT_WR);
      return {};
    }
    std::string lines;
    for (const char c : std::string_view(bytes_.data(), static_cast<std::size_t>(got))) {
      if (c == '\n' && last_ != '\r') lines += '\r';
      lines += c;
      last_ = c;
    }
    return daemon_.send(lines);
  }

  int input_, output_;
  UnixSocket& daemon_;
  bool input_ends_ = false;
  char last_ = '\0';
  std::array<char, 65536> bytes_{};
};

}  // namespace

base::Result<> pass_on(int input, int output, UnixSocket& daemon) {
  return Proxy(input, output, daemon).run();
}

}  // namespace godwit::tools
