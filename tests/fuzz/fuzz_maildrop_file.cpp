// SPDX-License-Identifier: Apache-2.0
// Whatever is read as the head of a maildrop file is written so that it reads as the same, and can end no line early.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "godwit/mail/maildrop_file.hpp"

using namespace godwit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = mail::decode_maildrop(text);
  if (!read) return 0;
  if (read->head > size || read->file.recipients.empty()) std::abort();
  const auto again = mail::decode_maildrop(mail::encode(read->file));
  if (!again || again->file != read->file) std::abort();
  return 0;
}
