// SPDX-License-Identifier: Apache-2.0
#include "own_spool.hpp"

#include "blocking.hpp"
#include "godwit/log/logger.hpp"

namespace godwit::tools {

base::Result<> OwnSpool::open(const spool::Settings& settings) {
  const boost::asio::any_io_executor executor(context_.get_executor());
  auto opened =
      run_here(context_, spool::open_spool(settings, disk_, clock_, random_, log::null_logger(),
                                           {.committer = executor, .bodies = executor, .background = executor}));
  if (!opened) return std::unexpected(std::move(opened.error()));
  spool_ = std::move(*opened);
  spool_->on_fatal([this](std::string why) { failure_ = std::move(why); });
  return {};
}

base::Result<> OwnSpool::close() {
  run_here(context_, spool_->stop());
  spool_.reset();
  if (!failure_.empty()) return base::fail(base::ErrorKind::io, "the spool failed: " + failure_);
  return {};
}

}  // namespace godwit::tools
