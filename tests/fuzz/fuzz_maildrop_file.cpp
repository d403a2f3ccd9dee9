// SPDX-License-Identifier: Apache-2.0
// Whatever is read as the head of a maildrop file is written so that it reads as the same, and can end no line early.
#include "fuzz/fuzz.hpp"
#include "godwit/mail/maildrop_file.hpp"

namespace godwit::fuzz {

void fuzz_maildrop_file(std::string_view input) {
  const auto read = mail::decode_maildrop(input);
  if (!read) return;
  require(read->head <= input.size() && !read->file.recipients.empty());
  const auto again = mail::decode_maildrop(mail::encode(read->file));
  require(again && again->file == read->file);
}

}  // namespace godwit::fuzz
