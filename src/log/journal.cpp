// SPDX-License-Identifier: Apache-2.0
#include "journal.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <syslog.h>

#include "godwit/log/line.hpp"

namespace godwit::log {
namespace {

constexpr std::size_t longest_name = 64;  // journald passes over longer ones

int priority_of(Level level) {
  switch (level) {
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warn:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
  }
  return LOG_ERR;
}

// Capitals, digits and _ are all that journald takes.
std::string journal_name(std::string_view field) {
  std::string name = "GODWIT_";
  for (const char c : field.substr(0, longest_name - name.size())) {
    const bool small = c >= 'a' && c <= 'z';
    const bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += small ? static_cast<char>(c - 'a' + 'A') : fits ? c : '_';
  }
  return name;
}

class JournalSink final : public Sink {
 public:
  JournalSink(int descriptor, std::unique_ptr<Sink> instead) : descriptor_(descriptor), instead_(std::move(instead)) {}
  JournalSink(const JournalSink&) = delete;
  JournalSink& operator=(const JournalSink&) = delete;
  ~JournalSink() override { ::close(descriptor_); }

  std::size_t write(const std::deque<Line>& lines) override {
    std::deque<Line> refused;
    for (const Line& line : lines)
      if (!send(line)) refused.push_back(line);
    return refused.empty() ? 0 : instead_->write(refused);
  }
  base::Result<> reopen() override { return {}; }
  bool takes_fields() const override { return true; }

 private:
  // It waits while the journal is busy: lines are put aside for the writer, nobody else waits.
  bool send(const Line& line) const {
    constexpr std::string_view message = "MESSAGE=";
    constexpr std::string_view end = "\n";
    const auto part = [](std::string_view text) { return iovec{const_cast<char*>(text.data()), text.size()}; };
    std::array parts{part(message), part(line.text), part(end), part(line.fields)};
    msghdr packet{};
    packet.msg_iov = parts.data();
    packet.msg_iovlen = parts.size();
    ssize_t sent = -1;
    do {
      sent = ::sendmsg(descriptor_, &packet, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
  }

  const int descriptor_;
  const std::unique_ptr<Sink> instead_;
};

}  // namespace

bool leads_to_journal(int descriptor, std::string_view stream) {
  struct stat status {};
  return !stream.empty() && ::fstat(descriptor, &status) == 0 &&
         stream == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

std::string journal_fields(Level level, std::string_view event, std::span<const Field> fields) {
  auto text = fmt::format("PRIORITY={}\nSYSLOG_FACILITY={}\nSYSLOG_IDENTIFIER=godwitd\nGODWIT_EVENT={}\n",
                          priority_of(level), LOG_FAC(LOG_MAIL), event);
  for (const auto& field : fields)
    fmt::format_to(std::back_inserter(text), "{}={}\n", journal_name(field.name), escaped(field));
  return text;
}

OpenedSink journal_sink(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return base::fail_os("cannot reach " + socket, ENAMETOOLONG);
  std::ranges::copy(socket, std::begin(address.sun_path));
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return base::fail_os("cannot make a socket", errno);
  auto instead = file_sink("");
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && instead)
    return std::make_unique<JournalSink>(descriptor, std::move(*instead));
  const int code = errno;
  ::close(descriptor);
  return base::fail_os("cannot reach " + socket, code);
}

}  // namespace godwit::log
