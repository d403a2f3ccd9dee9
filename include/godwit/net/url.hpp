// SPDX-License-Identifier: Apache-2.0
// The URLs of services that the daemon asks or tells something: http and https.  Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::net {

struct Url {
  bool tls = false;
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;  // "/introspect?x=y"
};
// "https://host[:port][/path]".  Errors: invalid.
base::Result<Url> parse_url(std::string_view text);
// As a Host field has it (RFC 9112 section 3.2): the port only where it is not the usual one.
std::string authority(const Url& url);

}  // namespace godwit::net
