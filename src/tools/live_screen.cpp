// SPDX-License-Identifier: Apache-2.0
#include "live_screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "godwit/base/text.hpp"

namespace godwit::tools {
namespace {

constexpr char interrupt = '\x03';

void write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
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
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_out("\x1b[?1049h\x1b[?25l");
}

LiveScreen::~LiveScreen() {
  write_out("\x1b[?25h\x1b[?1049l");
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
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
  return ::read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && key != interrupt;
}

}  // namespace godwit::tools
