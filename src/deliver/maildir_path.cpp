// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/deliver/maildir.hpp"

namespace godwit::deliver {
namespace {

constexpr std::size_t max_segment = 200;  // file systems take 255 bytes

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+' || c == '.' || c == '@' ||
         (static_cast<unsigned char>(c) >= 0x80);
}

// Local part without detail, and the detail, in lower case.
std::pair<std::string, std::string> split_local(const smtp::Mailbox& address, std::string_view detail_separator) {
  std::string local = base::to_lower(address.local);
  const auto at = detail_separator.empty() ? std::string::npos : local.find(detail_separator, 1);
  if (at == std::string::npos) return {std::move(local), std::string()};
  return {local.substr(0, at), local.substr(at + detail_separator.size())};
}

}  // namespace

std::string safe_path_segment(std::string_view text) {
  std::string result;
  const bool utf8 = base::is_valid_utf8(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool plain = is_plain(c) && !(c == '.' && i == 0) && (utf8 || static_cast<unsigned char>(c) < 0x80);
    if (plain)
      result += c;
    else
      result += fmt::format("={:02X}", static_cast<unsigned char>(c));
  }
  if (result.empty()) return "=";
  if (result.size() <= max_segment) return result;
  // Too long for a file name: the tail is replaced by a hash, so that two long names still differ.
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return result.substr(0, max_segment - 18) + fmt::format("=={:016x}", hash);
}

std::string maildir_path(std::string_view path_template, const smtp::Mailbox& address,
                         std::string_view detail_separator) {
  const auto [user, detail] = split_local(address, detail_separator);
  const std::array<std::pair<std::string_view, std::string>, 3> values = {
      std::pair{std::string_view("{domain}"), safe_path_segment(base::to_lower(address.domain))},
      std::pair{std::string_view("{local}"), safe_path_segment(user)},
      std::pair{std::string_view("{detail}"), safe_path_segment(detail)}};
  std::string path;
  while (!path_template.empty()) {
    std::size_t taken = 0;
    for (const auto& [name, value] : values) {
      if (!path_template.starts_with(name)) continue;
      path += value;
      taken = name.size();
    }
    if (taken == 0) {
      path += path_template.front();
      taken = 1;
    }
    path_template.remove_prefix(taken);
  }
  return path;
}

std::string detail_folder(const smtp::Mailbox& address, std::string_view detail_separator) {
  const auto detail = split_local(address, detail_separator).second;
  return detail.empty() ? "" : "/." + safe_path_segment(detail);
}

}  // namespace godwit::deliver
