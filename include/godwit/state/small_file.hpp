// SPDX-License-Identifier: Apache-2.0
// A small file that is replaced as a whole: what an administrator ordered and a restart must not forget.  A crash
// leaves the former text or the new one.  Any reactor; the disk is used on the pool that is handed in.
#pragma once

#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/disk/disk.hpp"

namespace godwit::state {

class SmallFile {
 public:
  static constexpr std::size_t usual_size = std::size_t{1} << 20U;

  // `pool` may block.  Its directory is made when it is first written.  `largest`: more than that is never read.
  SmallFile(std::string directory, std::string name, disk::Disk& disk, boost::asio::any_io_executor pool,
            std::size_t largest = usual_size)
      : directory_(std::move(directory)),
        name_(std::move(name)),
        disk_(disk),
        pool_(std::move(pool)),
        largest_(largest) {}

  // Empty where there is none yet.  Errors: those of the disk; corrupt (too large).
  boost::asio::awaitable<base::Result<std::string>> read();
  // Durable when it completes.  One call at a time.
  boost::asio::awaitable<base::Result<>> write(std::string text);

 private:
  boost::asio::awaitable<base::Result<std::string>> read_here();
  boost::asio::awaitable<base::Result<>> write_here(std::string text);

  std::string directory_, name_;
  disk::Disk& disk_;
  boost::asio::any_io_executor pool_;
  std::size_t largest_;
};

}  // namespace godwit::state
