// SPDX-License-Identifier: Apache-2.0
// Making an outgoing connection.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "godwit/net/canceller.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

// `stopping` ends the attempt as options.canceller does.
Task<std::unique_ptr<Stream>> connect_socket(boost::asio::any_io_executor executor, Deadlines& deadlines,
                                             Canceller& stopping, base::Endpoint remote, ConnectOptions options);

}  // namespace godwit::net
