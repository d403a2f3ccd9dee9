// SPDX-License-Identifier: Apache-2.0
#include "service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/net/file_descriptor.hpp"

namespace godwit::daemon {
namespace {

constexpr int first_passed = 3;
constexpr timeval patience = {.tv_sec = 2, .tv_usec = 0};
constexpr std::uint64_t most_passed = 65536;  // more are never open

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

void forget_variables() {
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): before the first thread
}

// Of a path, or of a name that no file has ("@…": unix(7), abstract).
socklen_t fill_address(std::string_view place, sockaddr_un& address) {
  if (place.size() < 2 || place.size() >= sizeof address.sun_path) return 0;
  if (place.front() != '/' && place.front() != '@') return 0;
  address.sun_family = AF_UNIX;
  std::ranges::copy(place, address.sun_path);
  if (place.front() == '@') address.sun_path[0] = '\0';
  const std::size_t end = place.front() == '@' ? 0 : 1;
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + place.size() + end);
}

void attach(int descriptor, msghdr& message) {
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
}

}  // namespace

bool notify_manager(std::string_view words, int descriptor) {
  sockaddr_un address{};
  const socklen_t length = fill_address(variable("NOTIFY_SOCKET"), address);
  if (length == 0) return false;
  const net::FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return false;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) return false;
  iovec part{.iov_base = const_cast<char*>(words.data()), .iov_len = words.size()};  // is only read
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    attach(descriptor, message);
  }
  return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(words.size());
}

base::Result<std::vector<PassedDescriptor>> take_passed_descriptors() {
  const auto process = variable("LISTEN_PID"), count_text = variable("LISTEN_FDS"),
             names_text = variable("LISTEN_FDNAMES");
  forget_variables();
  std::vector<PassedDescriptor> passed;
  if (process.empty() || count_text.empty()) return passed;
  const auto owner = base::parse_unsigned(process), count = base::parse_unsigned(count_text);
  if (!owner || !count || *count > most_passed)
    return base::fail(base::ErrorKind::invalid, fmt::format("LISTEN_PID={} LISTEN_FDS={}: no process and number",
                                                            base::printable(process), base::printable(count_text)));
  if (*owner != static_cast<std::uint64_t>(::getpid())) return passed;  // for a process before us
  const auto names = names_text.empty() ? std::vector<std::string_view>() : base::split(names_text, ':');
  for (std::size_t i = 0; i < *count; ++i) {
    const int descriptor = first_passed + static_cast<int>(i);
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return base::fail_os("a passed descriptor", errno);
    passed.push_back({.descriptor = descriptor, .name = i < names.size() ? std::string(names[i]) : std::string()});
  }
  return passed;
}

}  // namespace godwit::daemon
