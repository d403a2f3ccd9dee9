// SPDX-License-Identifier: Apache-2.0
// No record of a stranger in DNS does harm (SPF, DKIM, DMARC), and what macros expand to and results say is bounded.
#include "fuzz/fuzz.hpp"
#include "godwit/mailauth/authentication_results.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "mailauth/key_record.hpp"
#include "mailauth/spf_macro.hpp"
#include "mailauth/spf_record.hpp"

namespace godwit::fuzz {

void fuzz_mailauth_records(std::string_view input) {
  using namespace mailauth;
  if (is_spf_record(input)) (void)parse_spf_record(input);
  if (is_macro_string(input, MacroPlace::explanation)) (void)expand_macros(input, {});
  (void)is_domain_spec(input);
  (void)parse_dmarc_record(input);
  for (const auto kind : {KeyKind::rsa, KeyKind::ed25519}) (void)parse_key_record(input, kind);
  (void)says_result(input, "dmarc", "pass");
}

}  // namespace godwit::fuzz
