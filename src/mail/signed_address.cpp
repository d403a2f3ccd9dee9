// SPDX-License-Identifier: Apache-2.0
#include "signed_address.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t hash_size = 4;
constexpr std::size_t longest_hash = 27;  // of what the hash gives in base 64
constexpr std::size_t longest_local = 64;
constexpr int valid_days = 21;  // mail is tried for days, and its bounces after that
constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr int time_slots = 32 * 32;

std::string whole_hash(const std::string& secret, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const auto lower = base::to_lower(data);
  const auto* bytes = static_cast<const unsigned char*>(static_cast<const void*>(lower.data()));
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), bytes, lower.size(), digest.data(), &size);
  return base::base64_encode({static_cast<const char*>(static_cast<const void*>(digest.data())), size});
}

int day_of(base::WallTime time) {
  const auto days = std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
  return static_cast<int>(days % time_slots);
}

}  // namespace

std::string short_hash(const std::string& secret, std::string_view data) {
  return whole_hash(secret, data).substr(0, hash_size);
}

bool is_hash_of(std::string_view hash, const std::vector<std::string>& secrets, std::string_view data) {
  if (hash.size() < hash_size || hash.size() > longest_hash) return false;
  const bool one_case = base::to_lower(hash) == hash || base::to_upper(hash) == hash;
  return std::ranges::any_of(secrets, [&](const auto& secret) {
    const auto made = whole_hash(secret, data).substr(0, hash.size());
    return made == hash || (one_case && base::iequals(made, hash));
  });
}

std::string day_text(base::WallTime time) {
  const auto day = static_cast<std::size_t>(day_of(time));
  return {base32[day / base32.size()], base32[day % base32.size()]};
}

std::optional<int> parse_day(std::string_view text) {
  if (text.size() != 2) return {};
  const auto upper = base::to_upper(text);
  const auto high = base32.find(upper[0]), low = base32.find(upper[1]);
  if (high == std::string_view::npos || low == std::string_view::npos) return {};
  return static_cast<int>(high * base32.size() + low);
}

bool is_recent(int day, base::WallTime now) {
  const int age = (day_of(now) - day + time_slots) % time_slots;
  return age <= valid_days || age == time_slots - 1;
}

std::vector<std::string_view> split_first(std::string_view text, std::size_t parts) {
  std::vector<std::string_view> result;
  for (; result.size() + 1 < parts; text.remove_prefix(result.back().size() + 1)) {
    const auto end = text.find('=');
    if (end == std::string_view::npos) break;
    result.push_back(text.substr(0, end));
  }
  result.push_back(text);
  return result;
}

bool has_fit_local_part(const smtp::Mailbox& mailbox) {
  return to_string(smtp::Mailbox{.local = mailbox.local, .domain = {}}).size() <= longest_local;
}

}  // namespace godwit::mail
