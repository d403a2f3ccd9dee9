// SPDX-License-Identifier: Apache-2.0
#include "suspensions.hpp"

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view no_end = "-";
// 2262: what a WallTime can hold.
constexpr std::uint64_t latest = 9'000'000'000'000;

}  // namespace

std::string encode_suspensions(const Suspensions& suspensions) {
  std::string text;
  for (const auto& [name, suspension] : suspensions) {
    const auto since_epoch = std::chrono::duration_cast<milliseconds>(suspension.until.time_since_epoch());
    const auto until = suspension.until == queue::never ? std::string(no_end) : fmt::format("{}", since_epoch.count());
    text += fmt::format("{} {} {}\n", base::percent_encode(name), until, base::percent_encode(suspension.reason));
  }
  return text;
}

Suspensions decode_suspensions(std::string_view text) {
  Suspensions suspensions;
  for (const auto line : base::split(text, '\n')) {
    const auto words = base::split(line, ' ');
    if (words.size() != 3) continue;
    auto name = base::percent_decode(words[0]);
    auto reason = base::percent_decode(words[2]);
    const auto until = base::parse_unsigned(words[1]);
    if (!name || !reason || (words[1] != no_end && (!until || *until > latest))) continue;
    suspensions[*name] = {.until = until ? base::WallTime(milliseconds(*until)) : queue::never,
                          .reason = std::move(*reason)};
  }
  return suspensions;
}

}  // namespace godwit::dispatch
