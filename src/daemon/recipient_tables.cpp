// SPDX-License-Identifier: Apache-2.0
#include "recipient_tables.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/ip_address.hpp"
#include "godwit/lookup/lmtp_source.hpp"
#include "godwit/lookup/source_table.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration lmtp_patience = std::chrono::seconds(10);

}  // namespace

TextTables load_text_tables(const lookup::Settings& settings, std::vector<std::string>& errors,
                            std::vector<std::string>& warnings) {
  TextTables tables;
  for (const auto& [name, table] : settings.tables) {
    if (table.type != lookup::TableType::file) continue;
    auto text = std::make_shared<lookup::TextTable>(name, table.path);
    auto read = text->refresh();
    errors.insert(errors.end(), read.errors.begin(), read.errors.end());
    warnings.insert(warnings.end(), read.warnings.begin(), read.warnings.end());
    tables.emplace(name, std::move(text));
  }
  return tables;
}

void refresh_text_tables(const TextTables& tables, log::Logger& log) {
  for (const auto& [name, table] : tables) {
    const auto read = table->refresh();
    if (!read.changed) continue;
    for (const auto& warning : read.warnings) log.warn("table", {{"table", name}, {"message", warning}});
    for (const auto& error : read.errors)
      log.error("table_refused", {{"table", name}, {"reason", error + "; the old content stays"}});
    if (read.errors.empty())
      log.info("table_reloaded", {{"table", name}, {"file", table->path()}, {"entries", read.entries}});
  }
}

Tables make_tables(const lookup::Settings& settings, const TextTables& files, net::BoundedPool& pool,
                   const base::Clock& clock) {
  Tables tables(files.begin(), files.end());
  for (const auto& [name, table] : settings.tables) {
    if (table.type == lookup::TableType::file) continue;
    tables.emplace(name, std::make_shared<lookup::SourceTable>(name, lookup::make_source(table, clock), table.timeout,
                                                               settings.cache, pool, clock));
  }
  return tables;
}

void add_lmtp_tables(const route::Settings& settings, const lookup::CacheSettings& cache, net::BoundedPool& pool,
                     const base::Clock& clock, Tables& tables) {
  for (const auto& [name, domain] : settings.domains) {
    const auto endpoint = base::Endpoint::parse(domain.deliver.argument);
    const auto table = route::lmtp_table(domain.deliver);
    if (domain.recipients != route::RecipientRule::lmtp || !endpoint || tables.contains(table)) continue;
    tables.emplace(table, std::make_shared<lookup::SourceTable>(
                              table, std::make_unique<lookup::LmtpSource>(*endpoint, settings.hostname, clock),
                              lmtp_patience, cache, pool, clock));
  }
}

std::vector<std::string> unreachable_tables(const lookup::Settings& settings, const base::Clock& clock) {
  std::vector<std::string> complaints;
  for (const auto& [name, table] : settings.tables) {
    if (table.type == lookup::TableType::file) continue;
    const auto source = lookup::make_source(table, clock);
    const auto asked = source->ask("postmaster@example.com", clock.mono() + table.timeout);
    if (!asked) complaints.push_back(fmt::format("tables.{}: {}", name, asked.error().message));
  }
  return complaints;
}

}  // namespace godwit::daemon
