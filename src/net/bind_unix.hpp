// SPDX-License-Identifier: Apache-2.0
// Listening Unix sockets: their files have an owner, a group and a mode, and outlive a daemon that was killed.
#pragma once

#include "godwit/net/listener.hpp"

namespace godwit::net {

base::Result<FileDescriptor> bind_unix(const base::Endpoint& endpoint, const BindOptions& options);
// Could it?  Leaves everything as it is.
base::Result<> check_unix(const base::Endpoint& endpoint);

}  // namespace godwit::net
