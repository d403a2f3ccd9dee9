// SPDX-License-Identifier: Apache-2.0
#include "fields.hpp"

namespace godwit::mail {
namespace {

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && byte > 1) return {};  // above 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return {};
}

}  // namespace

std::optional<FieldReader::Field> FieldReader::next() {
  if (rest_.empty() || damaged_) return {};
  Field field;
  field.tag = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  const auto length = take_varint(rest_);
  if (!length || *length > rest_.size()) {
    damaged_ = true;
    return {};
  }
  field.value = rest_.substr(0, *length);
  rest_.remove_prefix(*length);
  return field;
}

bool read_number(std::string_view value, std::uint64_t& number, std::uint64_t most) {
  const auto read = take_varint(value);
  if (!read || !value.empty() || *read > most) return false;
  number = *read;
  return true;
}

bool read_time(std::string_view value, base::WallTime& time) {
  std::uint64_t zigzag = 0;
  if (!read_number(value, zigzag, std::numeric_limits<std::uint64_t>::max())) return false;
  const auto magnitude = static_cast<std::int64_t>(zigzag >> 1U);
  time = base::WallTime(base::Duration((zigzag & 1U) != 0 ? ~magnitude : magnitude));
  return true;
}

bool read_flag(std::string_view value, bool& flag) {
  std::uint64_t number = 0;
  if (!read_number(value, number, 1)) return false;
  flag = number == 1;
  return true;
}

}  // namespace godwit::mail
