// SPDX-License-Identifier: Apache-2.0
// One HTTP request over a Unix socket: connect, ask, read the answer, close.  Blocks while the daemon is
// silent, but not for longer than its patience.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::tools {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// What is sent with a request; `next` gives all `size` bytes, piece by piece, each valid until the next call.
struct HttpBody {
  std::uint64_t size = 0;
  std::function<base::Result<std::string_view>()> next{};
};

inline constexpr std::chrono::seconds usual_patience(60);
// It waits for the disk, and for reloads before it that replay mail for half a minute each.
inline constexpr std::chrono::seconds reload_patience(300);

// Requires: method and target are of our own making (nothing is escaped).  Errors: io (os_error: ENOENT, ECONNREFUSED,
// EACCES of the socket), timed_out, corrupt (no HTTP), closed; those of the body.
base::Result<HttpAnswer> http_request(const std::string& socket, const std::string& method, const std::string& target,
                                      const HttpBody& body = {}, std::chrono::seconds patience = usual_patience);

// The body of an answer 200 goes to `each` as it comes, until the peer ends or `each` gives false; of another answer as
// above.
base::Result<HttpAnswer> http_stream(const std::string& socket, const std::string& target,
                                     const std::function<bool(std::string_view)>& each);

}  // namespace godwit::tools
