// SPDX-License-Identifier: Apache-2.0
// Whatever the file of counted TLS sessions holds, no more is kept than may be, what is kept is written and read again
// as the same, and its reports are made of it.
#include "dispatch/tls_counts.hpp"
#include "fuzz/fuzz.hpp"

namespace godwit::fuzz {

void fuzz_tls_counts(std::string_view input) {
  using dispatch::TlsCounts;
  TlsCounts counts;
  const auto bad = counts.read(input);
  require(bad + counts.rows() <= static_cast<std::size_t>(std::ranges::count(input, '\n')) + 1);
  require(counts.rows() <= TlsCounts::most_rows);
  const auto text = counts.text();
  TlsCounts again;
  require(again.read(text) == 0 && again.text() == text);
  const auto due = counts.due(TlsCounts::Day::max());
  for (const auto& of : due) {
    require(!counts.policies(of).empty());
    counts.forget(of);
  }
  require(counts.rows() == 0 && counts.text().empty());
  again.forget_before(TlsCounts::Day::max());
  require(again.rows() == 0);
}

}  // namespace godwit::fuzz
