// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol header, versions 1 and 2 (haproxy.org, proxy-protocol.txt), by which a load balancer says who the
// client is. It is believed only from trusted proxies; that is the caller's to check before reading.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "godwit/net/stream.hpp"

namespace godwit::net {

struct ProxyHeader {
  int version = 1;
  bool local = false;                         // the proxy speaks for itself (v2 LOCAL: health checks)
  std::optional<base::Endpoint> source;       // the client; empty: LOCAL, UNKNOWN, or a family that is not TCP over IP
  std::optional<base::Endpoint> destination;  // where it connected to
};

// At least this many more bytes belong to the header, so they can be read without touching what follows it.
struct ProxyMore {
  std::size_t bytes = 0;
};
struct ProxyDone {
  ProxyHeader header;
  std::size_t length = 0;  // bytes of the header
};
struct ProxyInvalid {
  std::string reason;
};
using ProxyParse = std::variant<ProxyMore, ProxyDone, ProxyInvalid>;

inline constexpr std::size_t proxy_header_limit = 4096;  // a longer one (TLVs) is refused

// Pure; `bytes` begins where the connection begins.
ProxyParse parse_proxy_header(std::string_view bytes);

// Reads the header and nothing after it.  Errors: invalid, and those of read_some.
Task<ProxyHeader> read_proxy_header(Stream& stream, base::MonoTime deadline);

}  // namespace godwit::net
