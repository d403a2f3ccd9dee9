// SPDX-License-Identifier: Apache-2.0
#include "milter_values.hpp"

#include "milter_protocol.hpp"

namespace godwit::policy {
namespace {

constexpr char family_unknown = 'U';
constexpr char family_unix = 'L';
constexpr char family_v4 = '4';
constexpr char family_v6 = '6';

char family_of(const base::Endpoint& client) {
  if (!client.unix_path.empty()) return family_unix;
  return client.address.is_v4() ? family_v4 : family_v6;
}

}  // namespace

std::string milter_client(std::string_view host_name, const std::optional<base::Endpoint>& client) {
  std::string data(host_name);
  data += '\0';
  if (!client) return data + family_unknown;
  data += family_of(*client);
  data += static_cast<char>(client->port >> 8U);
  data += static_cast<char>(client->port & 0xFFU);
  data += client->unix_path.empty() ? base::to_string(client->address) : client->unix_path;
  return data + '\0';
}

std::string milter_field(std::string_view name, std::string_view body, bool keeps_space) {
  if (!keeps_space && body.starts_with(' ')) body.remove_prefix(1);
  std::string data(name);
  data += '\0';
  for (const char byte : body)
    if (byte != '\r' && byte != '\0') data += byte;  // a canonical field has no other CR than those of its line ends
  if (data.size() >= longest_milter_data) {
    const auto line_end = data.rfind('\n', longest_milter_data - 1);
    data.resize(line_end == std::string::npos ? longest_milter_data - 1 : line_end);
  }
  return data + '\0';
}

void add_leading_space(MilterChange& change) {
  const auto add = [](auto& one) {
    if constexpr (requires { one.value; })
      if (!one.value.empty()) one.value.insert(0, 1, ' ');
  };
  std::visit(add, change);
}

}  // namespace godwit::policy
