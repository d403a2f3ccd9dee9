// SPDX-License-Identifier: Apache-2.0
#include "live_screen.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "godwit/base/text.hpp"

namespace godwit::tools {
namespace {

constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave_screen = "\x1b[?25h\x1b[?1049l";
constexpr std::array endings{SIGINT, SIGTERM, SIGHUP};

termios terminal_before{};  // what a handler finds without an object

void write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Also in a handler.
void restore_terminal() {
  write_out(leave_screen);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

// Its action is the usual one again, so it ends the program once this returns.
void restore_and_end(int signal) {
  restore_terminal();
  ::raise(signal);
}

// What is ignored (nohup) stays so.
void handle_endings(void (*handler)(int)) {
  for (const int signal : endings) {
    struct sigaction present {};
    struct sigaction wanted {};
    ::sigaction(signal, nullptr, &present);
    if (present.sa_handler == SIG_IGN) continue;
    wanted.sa_handler = handler;
    wanted.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &wanted, nullptr);
  }
}

winsize screen_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  return size;
}

// At most so many code points.
std::string_view cut(std::string_view line, std::size_t columns) {
  std::size_t end = 0, seen = 0;
  while (end < line.size()) {
    const bool begins = (static_cast<unsigned char>(line[end]) & 0xC0U) != 0x80U;
    if (begins && seen++ == columns) break;
    ++end;
  }
  return line.substr(0, end);
}

}  // namespace

bool LiveScreen::possible() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

LiveScreen::LiveScreen() {
  ::tcgetattr(STDIN_FILENO, &terminal_before);
  handle_endings(restore_and_end);
  termios raw = terminal_before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VSUSP] = raw.c_cc[VQUIT] = _POSIX_VDISABLE;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_out(enter_screen);
}

LiveScreen::~LiveScreen() {
  restore_terminal();
  handle_endings(SIG_DFL);
}

void LiveScreen::show(std::string_view text) {
  const auto size = screen_size();
  std::string out = "\x1b[H";
  std::size_t rows = 0;
  for (const auto line : base::split(text, '\n')) {
    if (rows + 1 >= size.ws_row) break;
    out.append(cut(line, size.ws_col)).append("\x1b[K\n");
    ++rows;
  }
  write_out(out + "\x1b[J");
}

bool LiveScreen::wait(base::Duration time) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, static_cast<int>(milliseconds)) <= 0) return true;
  char key = 0;
  return ::read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
}

}  // namespace godwit::tools
