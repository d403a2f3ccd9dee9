// SPDX-License-Identifier: Apache-2.0
// What a reload would make of the configuration, or of a draft of its main file.  Both block on the disk, and change
// nothing.
#pragma once

#include <optional>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/control/configuration.hpp"
#include "live_settings.hpp"

namespace godwit::daemon {

// A draft includes only what the main file includes now: who may check one shall not read other files by what is said
// of them.
control::ConfigurationCheck check_configuration(const std::string& path, const std::optional<std::string>& draft,
                                                const LiveSettings& running, const base::Clock& clock,
                                                const net::KeyHolder& keys = net::own_keys());
// The same in full: for who tries it out.
LiveSettingsLoaded load_draft(const std::string& path, const std::optional<std::string>& draft,
                              const LiveSettings& running, const base::Clock& clock,
                              const net::KeyHolder& keys = net::own_keys());
control::Configuration read_configuration(const std::string& path, const LiveSettings& running);

}  // namespace godwit::daemon
