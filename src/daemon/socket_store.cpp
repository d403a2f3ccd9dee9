// SPDX-License-Identifier: Apache-2.0
#include "socket_store.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/socket.h>

#include "godwit/base/text.hpp"
#include "service_manager.hpp"

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
  if (!notify_manager(fmt::format("FDSTORE=1\nFDNAME={}", stored_name(local)), descriptor)) return false;
  --room_;
  return true;
}

void SocketStore::forget(int descriptor, const std::string& name) {
  // The manager closes its own in its own time; until then the port would be in use.
  ::shutdown(descriptor, SHUT_RDWR);
  notify_manager(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name));
}

}  // namespace godwit::daemon
