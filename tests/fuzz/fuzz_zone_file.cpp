// SPDX-License-Identifier: Apache-2.0
// Whatever is in a zone file, it is read or the fault is told on one line, and what is looked up in it can be sent.
#include "fuzz/fuzz.hpp"
#include "godwit/setup/zone_file.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::fuzz {

void fuzz_zone_file(std::string_view input) {
  auto zone = setup::ZoneFile::parse(input);
  if (!zone) return require(is_printable(zone.error().message));
  for (const std::string name : {"x.example", "mail.x.example", "_dmarc.x.example"}) {
    const auto hosts = testing::run_awaitable(zone->mx(name));
    for (const auto& host : hosts.records) require(is_printable(host.exchange));
    (void)testing::run_awaitable(zone->txt(name));
    (void)testing::run_awaitable(zone->addresses(name, dns::Family::v6));
    (void)testing::run_awaitable(zone->tlsa(name));
    (void)testing::run_awaitable(zone->cname(name));
  }
}

}  // namespace godwit::fuzz
