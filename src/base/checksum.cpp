// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/checksum.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace godwit::base {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78U;  // reflected

constexpr auto make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1U ^ polynomial : value >> 1U;
    table[i] = value;
  }
  return table;
}
constexpr auto table = make_table();

std::uint32_t update_portable(std::uint32_t state, std::string_view bytes) {
  for (const char c : bytes) state = state >> 8U ^ table[(state ^ static_cast<unsigned char>(c)) & 255U];
  return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t update_sse42(std::uint32_t state, std::string_view bytes) {
  std::uint64_t wide = state;
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    wide = _mm_crc32_u64(wide, word);
    bytes.remove_prefix(8);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (const char c : bytes) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(c));
  return narrow;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t previous) {
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("sse4.2") != 0;
  if (fast) return ~update_sse42(~previous, bytes);
#endif
  return ~update_portable(~previous, bytes);
}

}  // namespace godwit::base
