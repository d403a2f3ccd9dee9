// SPDX-License-Identifier: Apache-2.0
// One HTTP request over a Unix socket: connect, ask, read the answer, close.  Blocks for at most a minute of silence.
#pragma once

#include <string>

#include "godwit/base/result.hpp"

namespace godwit::tools {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// Requires: method and target are of our own making (nothing is escaped).  Errors: io (os_error: ENOENT, ECONNREFUSED,
// EACCES of the socket), timed_out, corrupt (no HTTP), closed.
base::Result<HttpAnswer> http_request(const std::string& socket, const std::string& method, const std::string& target);

}  // namespace godwit::tools
