// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/lookup/database.hpp"
#include "godwit/lookup/ldap.hpp"
#include "godwit/lookup/source_table.hpp"
#include "key_query.hpp"

namespace godwit::lookup {
namespace {

// A column or attribute may hold several, parted by commas or lines, as in tables made for other mail servers.
void add_values(std::string text, std::vector<std::string>& to) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ',';
  for (const auto part : base::split(text, ','))
    if (const auto value = base::trim(part); !value.empty()) to.emplace_back(value);
}

class SqlSource final : public Source {
 public:
  SqlSource(const TableSettings& settings, const base::Clock& clock) : query_(settings.query) {
    database_ = settings.type == TableType::sqlite ? make_sqlite(settings.path, query_.sql(), clock)
                                                   : make_postgresql(settings.connection, query_.sql(), clock);
  }
  base::Result<Answer> ask(const std::string& key, base::MonoTime deadline) override {
    const auto rows = database_->ask(query_.parameters(key), deadline);
    if (!rows) return std::unexpected(rows.error());
    if (rows->values.empty()) return absent();
    auto answer = present();
    for (const auto& row : rows->values)
      for (const auto& value : row)
        if (value) add_values(*value, answer.values);
    return answer;
  }

 private:
  KeyQuery query_;
  std::unique_ptr<Database> database_;
};

class LdapSource final : public Source {
 public:
  LdapSource(const TableSettings& settings, const base::Clock& clock) : settings_(settings), clock_(clock) {}
  base::Result<Answer> ask(const std::string& key, base::MonoTime deadline) override {
    constexpr int most = 1000;
    auto opened = LdapConnection::open(settings_, deadline, clock_);
    if (!opened) return std::unexpected(opened.error());
    const auto filter = fill_filter(settings_.filter, "key", key);
    const auto entries = (*opened)->search(filter, settings_.attributes, most, deadline);
    if (!entries) return std::unexpected(entries.error());
    if (entries->empty()) return absent();
    auto answer = present();
    for (const auto& entry : *entries)
      for (const auto& value : entry.values) add_values(value, answer.values);
    return answer;
  }

 private:
  const TableSettings settings_;
  const base::Clock& clock_;
};

}  // namespace

std::unique_ptr<Source> make_source(const TableSettings& settings, const base::Clock& clock) {
  switch (settings.type) {
    case TableType::sqlite:
    case TableType::postgresql:
      return std::make_unique<SqlSource>(settings, clock);
    case TableType::ldap:
      return std::make_unique<LdapSource>(settings, clock);
    case TableType::file:
      break;
  }
  throw std::logic_error("a text file is no source");
}

}  // namespace godwit::lookup
