// SPDX-License-Identifier: Apache-2.0
// Writes and reads the tag-length-value fields of envelope_format.hpp.  The reader allocates nothing and never reads
// past its input.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "godwit/base/clock.hpp"

namespace godwit::mail {

template <class Tag>
class FieldWriter {
 public:
  void text(Tag tag, std::string_view value) {
    bytes_ += static_cast<char>(tag);
    varint(value.size(), bytes_);
    bytes_ += value;
  }
  void number(Tag tag, std::uint64_t value) {
    std::string digits;
    varint(value, digits);
    text(tag, digits);
  }
  void time(Tag tag, base::WallTime value) {
    const std::int64_t count = value.time_since_epoch().count();
    number(tag, (static_cast<std::uint64_t>(count) << 1U) ^ (count < 0 ? ~std::uint64_t{0} : 0));
  }
  std::string take() { return std::move(bytes_); }

 private:
  static void varint(std::uint64_t value, std::string& out) {
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>((value & 0x7FU) | 0x80U);
    out += static_cast<char>(value);
  }
  std::string bytes_;
};

class FieldReader {
 public:
  struct Field {
    std::uint8_t tag = 0;
    std::string_view value;
  };

  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}
  // Empty at the end, and at damage.
  std::optional<Field> next();
  bool damaged() const { return damaged_; }

 private:
  std::string_view rest_;
  bool damaged_ = false;
};

// Each stores the value and gives true, or gives false for what is not one or not within `most`.
bool read_number(std::string_view value, std::uint64_t& number, std::uint64_t most);
bool read_time(std::string_view value, base::WallTime& time);
bool read_flag(std::string_view value, bool& flag);

template <class Number>
bool read_number(std::string_view value, Number& number, std::uint64_t most = std::numeric_limits<Number>::max()) {
  static_assert(std::is_unsigned_v<Number>);
  std::uint64_t wide = 0;
  if (!read_number(value, wide, most)) return false;
  number = static_cast<Number>(wide);
  return true;
}

// Requires: the enumeration's values are 0 … last.
template <class Enum>
bool read_enum(std::string_view value, Enum& result, Enum last) {
  std::uint64_t number = 0;
  if (!read_number(value, number, static_cast<std::uint64_t>(last))) return false;
  result = static_cast<Enum>(number);
  return true;
}

}  // namespace godwit::mail
