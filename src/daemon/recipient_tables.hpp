// SPDX-License-Identifier: Apache-2.0
// The tables of aliases, domains and recipients, from the configuration: text files are read when it is, and again when
// they change; the others are asked.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/lookup/settings.hpp"
#include "godwit/lookup/text_table.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/route/settings.hpp"

namespace godwit::daemon {

using TextTables = std::map<std::string, std::shared_ptr<lookup::TextTable>>;  // by name
using Tables = std::map<std::string, std::shared_ptr<lookup::Table>, std::less<>>;

// Blocks on the disk.
TextTables load_text_tables(const lookup::Settings& settings, std::vector<std::string>& errors,
                            std::vector<std::string>& warnings);
// Reads those whose files have changed, and logs what came of it.  Blocks on the disk; one thread at a time.
void refresh_text_tables(const TextTables& tables, log::Logger& log);
// LMTP servers that say which recipients they have, by route::lmtp_table.
void add_lmtp_tables(const route::Settings& settings, const lookup::CacheSettings& cache, net::BoundedPool& pool,
                     const base::Clock& clock, Tables& tables);
Tables make_tables(const lookup::Settings& settings, const TextTables& files, net::BoundedPool& pool,
                   const base::Clock& clock);
// "tables.NAME: why it cannot be asked now", each.  Blocks: for --check.
std::vector<std::string> unreachable_tables(const lookup::Settings& settings, const base::Clock& clock);

}  // namespace godwit::daemon
