// SPDX-License-Identifier: Apache-2.0
#include "sql_store.hpp"

#include <utility>

#include "sql_entry.hpp"

namespace godwit::auth {

SqlStore::SqlStore(StoreSettings settings, const BackEndParts& parts) : BlockingStore(std::move(settings), parts) {
  database_ = settings_.type == StoreType::sqlite
                  ? lookup::make_sqlite(settings_.path, settings_.query, parts_.clock)
                  : lookup::make_postgresql(settings_.connection, settings_.query, parts_.clock);
}

base::Result<> SqlStore::probe() {
  const Answer answer = find_name("postmaster@example.com", deadline());
  if (answer.kind == Answer::Kind::unavailable) return base::fail(base::ErrorKind::invalid, answer.reason);
  return {};
}

Answer SqlStore::find_name(const std::string& user, base::MonoTime deadline) {
  const std::vector<std::string> parameters = {user};
  const auto rows = database_->ask(parameters, deadline);
  if (!rows) return unavailable(rows.error().message);
  Account account{.name = user, .password = {}, .senders = {}};
  bool any = false;
  for (std::size_t column = 0; column < rows->columns.size(); ++column) {
    const auto value = rows->values.empty() ? std::nullopt : rows->values.front()[column];
    any = take_column(account, rows->columns[column], value) || any;
  }
  if (!any) return unavailable("the query gives no column password or scram");
  if (rows->values.size() > 1) return unavailable("the query gives several rows");
  return rows->values.empty() ? Answer() : entry_of(std::move(account));
}

}  // namespace godwit::auth
