// SPDX-License-Identifier: Apache-2.0
// A message that is imported is read alike however it comes, and its envelope file reads as it was written.  Input: the
// size of that file, in two bytes, and the body of the request.
#include "control/import_body.hpp"
#include "fuzz/pieces.hpp"

namespace godwit::fuzz {
namespace {

std::string read_import(std::string_view text, std::size_t piece) {
  const auto size = take_byte(text) * 256U + take_byte(text);
  control::ImportBody body(pieces_of(text, piece));
  const auto file = testing::run_awaitable(body.envelope(size));
  if (!file) return "-" + file.error().message;
  const auto again = mail::decode_export_file(mail::encode(*file));
  require(again && again->id == file->id && again->envelope == file->envelope && again->body_size == file->body_size);
  return mail::encode(*file) + read_on(body);
}

}  // namespace

void fuzz_import_body(std::string_view input) {
  (void)read_alike(input, read_import);
}

}  // namespace godwit::fuzz
