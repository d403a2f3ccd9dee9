// SPDX-License-Identifier: Apache-2.0
#include "socket_store.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "godwit/base/text.hpp"

namespace godwit::daemon {
namespace {

constexpr std::string_view prefix = "listener-";

std::size_t announced_size() {
  const char* announced = std::getenv("FDSTORE");
  return announced == nullptr ? 0 : base::parse_unsigned(announced).value_or(0);
}

}  // namespace

std::string stored_name(const base::Endpoint& local) {
  std::string name = fmt::format("{}{}", prefix, base::to_string(local));
  std::ranges::replace(name, ':', '_');  // parts the names that systemd passes
  return name;
}

bool is_stored_name(std::string_view name) {
  return name.starts_with(prefix);
}

SocketStore SocketStore::of_service_manager(std::size_t used) {
  const auto size = announced_size();
  return SocketStore(size - std::min(size, used));
}

bool SocketStore::keep(int descriptor, const base::Endpoint& local) {
  if (room_ == 0) return false;
  const auto words = fmt::format("FDSTORE=1\nFDNAME={}", stored_name(local));
  if (::sd_pid_notify_with_fds(0, 0, words.c_str(), &descriptor, 1) <= 0) return false;
  --room_;
  return true;
}

void SocketStore::forget(int descriptor, const std::string& name) {
  // The manager closes its own in its own time; until then the port would be in use.
  ::shutdown(descriptor, SHUT_RDWR);
  ::sd_notify(0, fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name).c_str());
}

}  // namespace godwit::daemon
