// SPDX-License-Identifier: Apache-2.0
// Whatever decodes must encode and decode again to the same value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "godwit/mail/envelope.hpp"

using namespace godwit::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto envelope = decode_envelope(bytes);
  if (envelope && *decode_envelope(encode(*envelope)) != *envelope) std::abort();
  const auto update = decode_update(bytes);
  if (update && *decode_update(encode(*update)) != *update) std::abort();
  if (envelope && update) {
    Envelope changed = *envelope;
    apply(*update, changed);
  }
  return 0;
}
