// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace godwit::tools {
namespace {

// The controlling terminal with echo off for as long as it lives.  An interrupt leaves it off; getpass(3) is no better.
class QuietTerminal {
 public:
  QuietTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ready_ = ::tcsetattr(descriptor_, TCSAFLUSH, &quiet) == 0;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (ready_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  bool ready() const { return ready_; }

  base::Result<std::string> ask(const std::string& prompt) const {
    if (::write(descriptor_, prompt.data(), prompt.size()) < 0) return base::fail_os("terminal", errno);
    std::string line;
    char c = 0;
    while (::read(descriptor_, &c, 1) == 1 && c != '\n') line += c;
    if (::write(descriptor_, "\n", 1) < 0) return base::fail_os("terminal", errno);
    return line;
  }

 private:
  int descriptor_;
  termios before_{};
  bool ready_ = false;
};

}  // namespace

bool is_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

bool shows_colours() {
  const char* kind = std::getenv("TERM");
  const char* refusal = std::getenv("NO_COLOR");  // https://no-color.org
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb" &&
         (refusal == nullptr || *refusal == '\0');
}

base::Result<std::string> ask_password_twice(const std::string& prompt) {
  const QuietTerminal terminal;
  if (!terminal.ready()) return base::fail(base::ErrorKind::io, "there is no terminal to ask at; see --password-stdin");
  auto first = terminal.ask(prompt + ": ");
  if (!first) return first;
  auto second = terminal.ask("Once more: ");
  if (!second) return second;
  const bool same = *first == *second;
  ::explicit_bzero(second->data(), second->size());
  if (same) return first;
  ::explicit_bzero(first->data(), first->size());
  return base::fail(base::ErrorKind::refused, "the two differ");
}

}  // namespace godwit::tools
