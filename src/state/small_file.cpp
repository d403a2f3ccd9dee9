// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/small_file.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::state {

boost::asio::awaitable<base::Result<std::string>> SmallFile::read() {
  auto reading = read_here();
  co_return co_await boost::asio::co_spawn(pool_, std::move(reading), boost::asio::use_awaitable);
}

boost::asio::awaitable<base::Result<>> SmallFile::write(std::string text) {
  auto writing = write_here(std::move(text));
  co_return co_await boost::asio::co_spawn(pool_, std::move(writing), boost::asio::use_awaitable);
}

boost::asio::awaitable<base::Result<std::string>> SmallFile::read_here() {
  auto file = co_await disk_.open(directory_ + "/" + name_, disk::OpenMode::read);
  if (!file && file.error().kind == base::ErrorKind::not_found) co_return std::string();
  if (!file) co_return std::unexpected(file.error());
  auto size = co_await (*file)->size();
  if (!size) co_return std::unexpected(size.error());
  if (*size > largest_) co_return base::fail(base::ErrorKind::corrupt, name_ + " is too large");
  std::string text(*size, '\0');
  auto got = co_await (*file)->read(0, text);
  if (!got) co_return std::unexpected(got.error());
  text.resize(*got);
  co_return text;
}

// New text → sync → rename → sync of the directory.  A crash before the rename leaves a file that nobody reads and the
// next write replaces; one before the last sync may leave the former text, and nobody was told otherwise.
boost::asio::awaitable<base::Result<>> SmallFile::write_here(std::string text) {
  const auto path = directory_ + "/" + name_;
  const auto temporary = path + ".new";
  auto made = co_await disk_.make_directories(directory_);
  if (!made) co_return made;
  auto removed = co_await disk_.remove(temporary);
  auto file = co_await disk_.open(temporary, disk::OpenMode::create_new);
  if (!file) co_return std::unexpected(file.error());
  auto done = co_await (*file)->write(0, text);
  if (done) done = co_await (*file)->sync();
  file->reset();
  if (done) done = co_await disk_.rename(temporary, path);
  if (done) done = co_await disk_.sync_directory(directory_);
  co_return done;
}

}  // namespace godwit::state
