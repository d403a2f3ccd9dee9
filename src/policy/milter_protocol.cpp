// SPDX-License-Identifier: Apache-2.0
#include "milter_protocol.hpp"

#include <utility>

#include <fmt/format.h>

namespace godwit::policy {
namespace {

constexpr std::size_t number_size = 4;

}  // namespace

void put_milter_number(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xFFU);
}

std::optional<std::uint32_t> take_milter_number(std::string_view& data) {
  if (data.size() < number_size) return {};
  std::uint32_t number = 0;
  for (const char byte : data.substr(0, number_size)) number = number << 8U | static_cast<unsigned char>(byte);
  data.remove_prefix(number_size);
  return number;
}

std::optional<std::string_view> take_milter_text(std::string_view& data) {
  const auto end = data.find('\0');
  if (end == std::string_view::npos) return {};
  const auto text = data.substr(0, end);
  data.remove_prefix(end + 1);
  return text;
}

std::string milter_packet(MilterCommand command, std::string_view data) {
  std::string packet;
  packet.reserve(number_size + 1 + data.size());
  put_milter_number(packet, static_cast<std::uint32_t>(data.size() + 1));
  packet += static_cast<char>(command);
  packet += data;
  return packet;
}

base::Result<std::optional<MilterPackets::Packet>> MilterPackets::next() {
  auto rest = std::string_view(bytes_).substr(taken_);
  const auto length = take_milter_number(rest);
  if (length && (*length == 0 || *length > longest))
    return base::fail(base::ErrorKind::invalid, fmt::format("a packet of {} bytes", *length));
  if (!length || rest.size() < *length) {
    bytes_.erase(0, std::exchange(taken_, 0));
    return std::nullopt;
  }
  Packet packet{.code = rest.front(), .data = std::string(rest.substr(1, *length - 1))};
  taken_ += number_size + *length;
  return packet;
}

}  // namespace godwit::policy
