// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/saslprep.hpp"

#include <algorithm>
#include <vector>

#include <stringprep.h>

#include "godwit/base/text.hpp"
#include "input.hpp"

namespace godwit::smtp {
namespace {

constexpr std::size_t longest = 1024;    // of a user name or password
constexpr std::size_t most_growth = 18;  // of NFKC, in bytes for one (U+FDFA)

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::optional<std::string> saslprep(std::string_view text) {
  if (text.empty() || text.size() > longest) return std::nullopt;
  if (is_plain_ascii(text)) return std::string(text);
  if (text.contains('\0') || !base::is_valid_utf8(text)) return std::nullopt;
  std::string buffer(text);
  buffer.resize(text.size() * most_growth + 1, '\0');
  const int failed = ::stringprep(buffer.data(), buffer.size(), Stringprep_profile_flags{}, stringprep_saslprep);
  std::optional<std::string> prepared;
  if (failed == STRINGPREP_OK) prepared = std::string(buffer.c_str());
  wipe(buffer);
  if (prepared && prepared->empty()) return std::nullopt;
  return prepared;
}

}  // namespace godwit::smtp
