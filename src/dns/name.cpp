// SPDX-License-Identifier: Apache-2.0
#include "name.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/dns/message.hpp"

namespace godwit::dns {
namespace {

// What stands for itself in text.  More than host names have: real zones use "_", "/" (RFC 2317) and others in names.
bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_/+=*:#~").find(c) != std::string_view::npos;
}

void append_label(std::string& name, std::string_view label) {
  if (!name.empty()) name += '.';
  for (const char c : label) {
    if (plain(c)) {
      name += c;
    } else {
      name += fmt::format("\\{:03}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
}

}  // namespace

base::Result<std::string> normal_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return base::fail(base::ErrorKind::invalid, "the name is empty");
  if (name.size() + 2 > max_name) return base::fail(base::ErrorKind::invalid, "the name is too long");
  for (const auto label : base::split(name, '.')) {
    if (label.empty()) return base::fail(base::ErrorKind::invalid, "the name has an empty label");
    if (label.size() > max_label) return base::fail(base::ErrorKind::invalid, "a label of the name is too long");
    for (const char c : label) {
      if (!plain(c)) return base::fail(base::ErrorKind::invalid, "the name has a character that names do not have");
    }
  }
  return base::to_lower(name);
}

std::string encode_name(std::string_view name) {
  std::string wire;
  if (name.empty()) return std::string(1, '\0');
  for (const auto label : base::split(name, '.')) {
    wire += static_cast<char>(label.size());
    wire += label;
  }
  wire += '\0';
  return wire;
}

std::optional<std::string> decode_name(std::string_view message, std::size_t& at) {
  std::string name;
  std::size_t wire_size = 1;  // the root
  std::size_t position = at;  // where we read
  std::size_t segment = at;   // where the current run of labels began
  bool jumped = false;
  for (;;) {
    if (position >= message.size()) return {};
    const auto length = static_cast<unsigned char>(message[position]);
    if (length == 0) {
      if (!jumped) at = position + 1;
      return base::to_lower(name);
    }
    if (length >= 0xC0) {
      if (position + 1 >= message.size()) return {};
      const auto low = static_cast<unsigned char>(message[position + 1]);
      const std::size_t target = (static_cast<std::size_t>(length) & 0x3FU) << 8U | low;
      // "A prior occurrence": each jump goes further back than the one before, so there is no loop.
      if (target >= segment) return {};
      if (!jumped) at = position + 2;
      jumped = true;
      position = segment = target;
      continue;
    }
    if (length > max_label) return {};  // 0x40 and 0x80 are reserved
    if (message.size() - position - 1 < length) return {};
    wire_size += length + std::size_t{1};
    if (wire_size > max_name) return {};
    append_label(name, message.substr(position + 1, length));
    position += length + std::size_t{1};
  }
}

}  // namespace godwit::dns
