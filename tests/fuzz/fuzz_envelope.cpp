// SPDX-License-Identifier: Apache-2.0
// Whatever decodes must encode and decode again to the same value.
#include "fuzz/fuzz.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::fuzz {

void fuzz_envelope(std::string_view input) {
  const auto envelope = mail::decode_envelope(input);
  if (envelope) require(*mail::decode_envelope(encode(*envelope)) == *envelope);
  const auto update = mail::decode_update(input);
  if (update) require(*mail::decode_update(encode(*update)) == *update);
  if (envelope && update) {
    auto changed = *envelope;
    apply(*update, changed);
  }
}

}  // namespace godwit::fuzz
