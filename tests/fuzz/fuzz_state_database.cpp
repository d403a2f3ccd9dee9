// SPDX-License-Identifier: Apache-2.0
// Whatever a database of the state directory holds, its store opens it, or says why not and begins anew, and goes on.
// Input: which store, rows for one of its tables, or something else in the table's place, then bytes of the file that
// are changed.
#include "fuzz/state_stores.hpp"
#include "state/sqlite_file.hpp"
#include "support/test_certificate.hpp"

namespace godwit::fuzz {

void fuzz_state_database(std::string_view input) {
  const testing::TemporaryFolder folder;
  const auto& store = state_stores[take_byte(input) % std::size(state_stores)];
  testing::ManualClock clock;
  clock.now = base::MonoTime(std::chrono::seconds(1'900'000'000));
  const auto use = [&] {
    boost::asio::io_context io;
    store.use(folder / "", io, clock);
  };
  use();
  const auto path = (folder / "") + store.file;
  if (auto file = state::SqliteFile::open(path)) {
    for (auto rows = take_byte(input) % 8; rows > 0; --rows) (void)file->run(take_row(store, input));
    if (take_byte(input) % 16 == 15) {
      (void)file->run(std::string("DROP TABLE ") + store.table);
      (void)file->run(endless_view(store));
    }
  }
  std::fstream bytes(path, std::ios::in | std::ios::out | std::ios::binary);
  while (!input.empty()) {
    bytes.seekp(take_byte(input) * 64 + take_byte(input));
    bytes.put(static_cast<char>(take_byte(input)));
  }
  bytes.close();
  use();
  use();  // what it made of it is good for the next start
}

}  // namespace godwit::fuzz
