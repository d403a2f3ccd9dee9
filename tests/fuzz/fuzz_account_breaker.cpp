// SPDX-License-Identifier: Apache-2.0
// Whatever the file of accounts holds, who is stopped stays so until he is released, what is kept fits into the file
// again and is read as the same, and accounts of which anything was learned go on being judged.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/policy/account_breaker.hpp"
#include "godwit/state/small_file.hpp"

namespace godwit::fuzz {

void fuzz_account_breaker(std::string_view input) {
  constexpr auto longest = state::SmallFile::usual_size;
  const base::WallTime now(std::chrono::seconds(1'900'000'000));
  policy::AccountBreaker breaker({.recipients = 1});
  breaker.decode(input);
  const auto text = breaker.encode(longest);
  require(text.size() <= longest);
  policy::AccountBreaker again({});
  again.decode(text);
  require(again.encode(longest) == text && again.stopped() == breaker.stopped());
  for (const auto& account : breaker.stopped()) {
    require(is_one_line(account.name) && !breaker.recipient(account.name, "r@c.example", now));
    require(breaker.release(account.name, now) && !breaker.is_stopped(account.name));
  }
  for (const auto line : base::split(text, '\n')) {
    const std::string account(line.substr(line.rfind(' ') + 1));
    breaker.refused(account, 60, now);
    breaker.recipient(account, "r@c.example", now + std::chrono::hours(25));
  }
  require(breaker.encode(longest).size() <= longest);
}

}  // namespace godwit::fuzz
