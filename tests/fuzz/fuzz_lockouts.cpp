// SPDX-License-Identifier: Apache-2.0
// Whatever the file of lockouts holds, nobody is locked out for longer than a lockout lasts, what is kept is written
// and read again as the same, and who is listed can be let in.
#include "fuzz/fuzz.hpp"
#include "godwit/auth/lockouts.hpp"
#include "godwit/state/small_file.hpp"

namespace godwit::fuzz {

void fuzz_lockouts(std::string_view input) {
  constexpr auto longest = state::SmallFile::usual_size;
  const base::WallTime now(std::chrono::seconds(1'900'000'000));
  const auth::LockoutSettings settings;
  auth::Lockouts lockouts(settings);
  lockouts.decode(input);
  const auto text = lockouts.encode(now, longest);
  require(text.size() <= longest);
  auth::Lockouts again(settings);
  again.decode(text);
  require(again.encode(now, longest) == text);
  const auto client = base::IpAddress::v4({192, 0, 2, 1});
  for (const auto& locked : lockouts.list(now, longest)) {
    require(locked.until > now && locked.until <= now + settings.lockout);
    if (locked.is_account) (void)lockouts.is_locked(locked.name, client, now);
    lockouts.failed(locked.name, client, 0, now);
    require(lockouts.unlock(locked.name, now));
  }
  lockouts.unlock("192.0.2.1", now);
  require(lockouts.list(now, longest).empty());
}

}  // namespace godwit::fuzz
