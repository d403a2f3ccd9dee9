// SPDX-License-Identifier: Apache-2.0
#include "rsa_public_key.hpp"

#include <algorithm>
#include <cstdint>

namespace godwit::mailauth {
namespace {

using Octets = std::string_view;

enum class DerTag : std::uint8_t { integer = 0x02, bit_string = 0x03, sequence = 0x30 };

// 1.2.840.113549.1.1.1 with its tag and length; what follows are its parameters: NULL.
constexpr Octets rsa_encryption("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 11);
constexpr std::size_t longest_length = 3;  // octets of a length: 16 MiB, more than DNS carries

// The contents of the value at the front, which is taken; empty: there is no such one.
std::optional<Octets> take_value(Octets& from, DerTag tag) {
  if (from.size() < 2 || static_cast<DerTag>(from[0]) != tag) return {};
  std::size_t size = static_cast<std::uint8_t>(from[1]);
  from.remove_prefix(2);
  if ((size & 0x80U) != 0) {
    std::size_t octets = size & 0x7fU;
    if (octets == 0 || octets > longest_length || octets > from.size()) return {};
    size = 0;
    for (; octets > 0; --octets, from.remove_prefix(1)) size = size << 8U | static_cast<std::uint8_t>(from[0]);
  }
  if (size > from.size()) return {};
  const auto contents = from.substr(0, size);
  from.remove_prefix(size);
  return contents;
}

// Positive.
std::optional<Octets> take_number(Octets& from) {
  auto number = take_value(from, DerTag::integer);
  if (!number || number->empty() || (static_cast<std::uint8_t>(number->front()) & 0x80U) != 0) return {};
  number->remove_prefix(std::min(number->find_first_not_of('\0'), number->size()));
  if (number->empty()) return {};
  return number;
}

std::optional<RsaPublicKey> take_numbers(Octets from) {
  const auto modulus = take_number(from);
  const auto exponent = modulus ? take_number(from) : std::nullopt;
  if (!exponent) return {};
  return RsaPublicKey{.modulus = *modulus, .exponent = *exponent};
}

}  // namespace

std::optional<RsaPublicKey> read_rsa_public_key(std::string_view der) {
  auto contents = take_value(der, DerTag::sequence);
  if (!contents) return {};
  if (contents->starts_with(static_cast<char>(DerTag::integer))) return take_numbers(*contents);
  const auto algorithm = take_value(*contents, DerTag::sequence);
  if (!algorithm || !algorithm->starts_with(rsa_encryption)) return {};
  auto bits = take_value(*contents, DerTag::bit_string);
  if (!bits || !bits->starts_with('\0')) return {};  // so many bits of its last octet are unused
  bits->remove_prefix(1);
  const auto key = take_value(*bits, DerTag::sequence);
  return key ? take_numbers(*key) : std::nullopt;
}

}  // namespace godwit::mailauth
