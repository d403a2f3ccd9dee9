// SPDX-License-Identifier: Apache-2.0
// An io_context drops its handlers only in its destructor; by then what they refer to may be gone.  Of reactors and
// pools: where several of them hold what belongs to each other, all are abandoned before the first is destroyed.
#pragma once

#include <boost/asio/io_context.hpp>

namespace godwit::net {

class Context : public boost::asio::io_context {
 public:
  using io_context::io_context;
  // When nothing runs it any more.  Nothing can be run afterwards.
  void abandon() { shutdown(); }
};

}  // namespace godwit::net
