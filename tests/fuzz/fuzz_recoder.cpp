// SPDX-License-Identifier: Apache-2.0
// Whatever a message is, what hosts that take less are sent of it is canonical, as small an alphabet as they want, and
// the same however the message came.  Input: a byte of options, then the message.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/recoder.hpp"

namespace godwit::fuzz {
namespace {

constexpr const char* refused = "refused";

std::string recode(std::string_view message, std::size_t piece, mail::Recoding recoding, mail::Headers headers) {
  mail::Recoder recoder(recoding, headers);
  std::string out;
  bool done = true;
  in_pieces(message, piece, [&](std::string_view part) { done = done && recoder.put(part, out); });
  return done && recoder.finish(out) ? out : refused;
}

}  // namespace

void fuzz_recoder(std::string_view input) {
  const auto options = take_byte(input);
  const auto recoding = static_cast<mail::Recoding>(options % 3);
  const auto headers = (options & 4U) == 0 ? mail::Headers::as_they_are : mail::Headers::ascii;
  // The spool takes nothing else but as BINARYMIME.
  if (recoding == mail::Recoding::eight_to_seven && (!is_canonical(input) || !input.ends_with("\r\n"))) return;
  const auto recoded = read_alike(
      input, [&](std::string_view message, std::size_t piece) { return recode(message, piece, recoding, headers); });
  if (recoded == refused) return;
  require(is_canonical(recoded));
  const mail::Header header(recoded);
  if (headers == mail::Headers::ascii && header.complete()) require(base::is_ascii(header.text()));
}

}  // namespace godwit::fuzz
