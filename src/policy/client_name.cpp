// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/client_name.hpp"

#include <algorithm>
#include <utility>

namespace godwit::policy {
namespace {

constexpr std::size_t most_names = 5;  // an address has one; who has hundreds wants us to ask

}  // namespace

std::string_view to_string(ClientName::Status status) {
  switch (status) {
    case ClientName::Status::found:
      return "found";
    case ClientName::Status::none:
      return "none";
    case ClientName::Status::mismatch:
      return "mismatch";
    case ClientName::Status::temporary:
      return "temporary";
    case ClientName::Status::unknown:
      break;
  }
  return "unknown";
}

boost::asio::awaitable<ClientName> find_client_name(dns::Resolver& resolver, base::IpAddress address) {
  using Status = ClientName::Status;
  auto names = co_await resolver.ptr(address);
  if (names.status == dns::Status::temporary) co_return ClientName{.status = Status::temporary, .name = {}};
  if (names.status != dns::Status::found) co_return ClientName{.status = Status::none, .name = {}};
  bool temporary = false;
  const auto family = address.is_v4() ? dns::Family::v4 : dns::Family::v6;
  for (std::size_t i = 0; i < std::min(most_names, names.records.size()); ++i) {
    const auto back = co_await resolver.addresses(names.records[i], family);
    temporary = temporary || back.status == dns::Status::temporary;
    if (std::ranges::find(back.records, address) != back.records.end())
      co_return ClientName{.status = Status::found, .name = names.records[i]};
  }
  co_return ClientName{.status = temporary ? Status::temporary : Status::mismatch, .name = names.records.front()};
}

}  // namespace godwit::policy
