// SPDX-License-Identifier: Apache-2.0
// Whatever the files of the certificates' authority hold, each is read, or is as if it were not there; what was read is
// written and read again as the same; a key is one or none.
#include "acme/key.hpp"
#include "acme/records.hpp"
#include "fuzz/fuzz.hpp"

namespace godwit::fuzz {

void fuzz_acme_records(std::string_view input) {
  const auto account = to_text(acme::account_in(input));
  require(to_text(acme::account_in(account)) == account);
  const auto order = to_text(acme::order_in(input));
  require(to_text(acme::order_in(order)) == order);
  const auto attempts = to_text(acme::attempts_in(input));
  require(to_text(acme::attempts_in(attempts)) == attempts && acme::attempts_in(input).failures <= 1000);
  if (const auto key = acme::Key::from_pem(std::string(input))) {
    const auto again = acme::Key::from_pem(key->to_pem());
    require(again && again->type() == key->type());
  }
}

}  // namespace godwit::fuzz
