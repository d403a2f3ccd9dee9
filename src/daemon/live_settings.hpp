// SPDX-License-Identifier: Apache-2.0
// Everything that is made from the configuration files, and that a reload replaces as a whole: settings, accounts,
// tables in files, certificates, the router.  Loading blocks on the disk; what is loaded never changes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "account_stores.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/config/config.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/net/interfaces.hpp"
#include "godwit/net/key_holder.hpp"
#include "godwit/policy/check_list.hpp"
#include "live_tls.hpp"
#include "recipient_tables.hpp"

namespace godwit::daemon {

struct LiveSettings {
  config::Settings settings;
  LoadedAccounts accounts;
  TextTables tables;
  LiveTls tls;
  std::shared_ptr<const mailauth::Signers> signers;
  policy::TrustByFile hook_trust;
  std::vector<base::IpAddress> interfaces;  // the machine's addresses
};

// Of all listeners.
CaFiles client_ca_files(const config::Settings& settings);

struct LiveSettingsLoaded {
  std::shared_ptr<const LiveSettings> live;  // null: there are errors
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  std::vector<std::string> held_back;  // keys that stay as they run, because this process may not do what they say
};

// The keys of `next` that a reload would hold back.  Tries to bind a port.
std::vector<std::string> held_back(const config::Settings& running, const config::Settings& next);

// What a certificate is that has expired, or is not valid yet: for who checks and for a reload that would replace a
// better one an error; for who starts (a host that takes no mail any more would be worse) a warning.
enum class OutOfDate { error, warning };

// Reads the file and all it names; reports every error, not the first, but of what the files say only where all of them
// can be read.  `running`: at a reload, what is in force; what follows from keys that change at a restart only stays.
LiveSettingsLoaded load_live_settings(const std::string& path, const base::Clock& clock, OutOfDate out_of_date,
                                      const config::FileAccess& files = config::system_files(),
                                      const net::Interfaces& interfaces = net::SystemInterfaces(),
                                      const config::Settings* running = nullptr,
                                      const net::KeyHolder& keys = net::own_keys());

}  // namespace godwit::daemon
