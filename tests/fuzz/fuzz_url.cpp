// SPDX-License-Identifier: Apache-2.0
// Whatever is taken for a URL can stand in a request of HTTP and is written so that it reads as the same.
#include "fuzz/fuzz.hpp"
#include "godwit/net/url.hpp"

namespace godwit::fuzz {

void fuzz_url(std::string_view input) {
  const auto url = net::parse_url(input);
  if (!url) return require(is_printable(url.error().message));
  require(is_printable(authority(*url)) && is_printable(url->target) && url->target.starts_with('/'));
  require(!url->host.empty() && !url->target.contains(' ') && !url->host.contains('/'));
  const auto again = net::parse_url((url->tls ? "https://" : "http://") + authority(*url) + url->target);
  require(again && again->tls == url->tls && again->host == url->host);
  require(again->port == url->port && again->target == url->target);
}

}  // namespace godwit::fuzz
