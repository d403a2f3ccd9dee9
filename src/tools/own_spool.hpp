// SPDX-License-Identifier: Apache-2.0
// A spool that this program opens for itself, as a daemon does: with its lock, so no daemon may run on it.  One thread.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/disk/posix_disk.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::tools {

class OwnSpool {
 public:
  // Errors: refused (a daemon uses it), and as recovery gives them.
  base::Result<> open(const spool::Settings& settings);
  spool::Spool& operator*() { return *spool_; }
  spool::Spool* operator->() { return spool_.get(); }
  disk::Disk& disk() { return disk_; }
  // Everything of the spool runs on it.
  boost::asio::io_context& context() { return context_; }
  // All that was asked of the spool is durable afterwards, or this says why not.
  base::Result<> close();

 private:
  disk::PosixDisk disk_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  boost::asio::io_context context_;
  std::string failure_;
  std::unique_ptr<spool::Spool> spool_;
};

}  // namespace godwit::tools
