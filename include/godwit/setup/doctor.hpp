// SPDX-License-Identifier: Apache-2.0
// Looks at a configured mail host as others see it: names, DNS, certificates, ports, block lists, and at the machine it
// runs on.  Changes nothing and sends no mail.  Bounded: DNS is asked for a minute at most, each connection has a
// deadline.  For tools; blocks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/config/settings.hpp"
#include "godwit/setup/finding.hpp"
#include "godwit/setup/zone_file.hpp"

namespace godwit::setup {

struct Space {  // of a file system, for those who are not root
  std::uint64_t free_bytes = 0;
  std::uint64_t free_files = 0;
  std::uint64_t all_files = 0;  // 0: not limited
};

// What is asked of the machine; replaced in tests.
struct MachineProbe {
  std::function<std::optional<bool>()> clock_is_synchronised;  // empty: cannot be told
  std::function<base::Result<Space>(const std::string& path)> space;
  std::function<base::Result<std::uint64_t>(pid_t process)> open_files;  // that it may have
};
MachineProbe system_machine();

// Asked where no others are named.
std::vector<std::string> usual_blocklists();

// Whose MX hosts are tried where no others are named and no route takes everything; one that is reached is enough.
std::vector<std::string> usual_destinations();

struct DoctorWishes {
  std::vector<base::IpAddress> addresses;  // by which others know the host; empty: found out
  std::vector<std::string> blocklists = usual_blocklists();
  std::vector<std::string> destinations = usual_destinations();
  const ZoneFile* zone = nullptr;       // in place of DNS; then no web server is asked either
  std::optional<pid_t> daemon_process;  // empty: it does not run
  // Told of each check before it begins, by the name that its findings have; some take seconds.
  std::function<void(std::string_view check)> begins = [](std::string_view) {};
};

// Throws what net::AresTransport's constructor does.
Findings examine_host(const config::Settings& settings, const DoctorWishes& wishes, const base::Clock& clock,
                      const MachineProbe& machine = system_machine());

}  // namespace godwit::setup
