// SPDX-License-Identifier: Apache-2.0
// One exchange of HTTP/1.1 (RFC 9112), over TLS where the URL says so: on a connection of its own, for what the daemon
// fetches and reports now and then, or on one of a pool, for who asks the same server again and again.  Addresses come
// from the Resolver and are tried in order, IPv6 first; over TLS the certificate must be trusted and bear the host's
// name.  No redirect is followed, no cookie or cache kept, nothing compressed asked for.  One reactor; never blocks.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/net/canceller.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/stream_pool.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/net/url.hpp"

namespace godwit::net {

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::string accept = {};         // media type
  std::string content_type = {};   // of the body
  std::string authorization = {};  // credentials (RFC 9110 section 11.6.2); without control bytes
  std::string body = {};
};

struct HttpAnswer {
  unsigned status = 0;
  std::string content_type;  // as it came
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields = {};  // of the header, as they came

  std::string field(std::string_view name) const;  // the first of this name; "" where there is none
};

struct HttpFailure {
  // How far it came.  certificate: the host's is not trusted, expired, or of another name.
  enum class Step { address, connect, tls, certificate, exchange } step = Step::exchange;
  std::string why;       // for the log: printable
  bool hung_up = false;  // the server did, before it said anything
};

struct HttpLimits {
  base::MonoTime deadline = base::no_deadline;  // of all but the look-up of addresses, which has its own
  std::size_t body = std::size_t{64} << 10U;    // of the answer; a longer one is a failure
  Canceller* canceller = nullptr;               // whose cancel() ends the exchange; outlives the call
};

class HttpClient {
 public:
  // Both outlive every call.
  HttpClient(Network& network, dns::Resolver& resolver) : network_(network), resolver_(resolver) {}

  using Outcome = std::expected<HttpAnswer, HttpFailure>;
  // `tls` may be null where the URL is not https.
  boost::asio::awaitable<Outcome> exchange(HttpRequest request, std::shared_ptr<const TlsClientContext> tls,
                                           HttpLimits limits);
  // The same on a connection of `pool`, which is of this URL's server and this `tls`, and is kept where the server lets
  // us.  Where it hung up on a kept connection without an answer, the request is sent once more on a new one: it may
  // come twice.
  boost::asio::awaitable<Outcome> exchange(HttpRequest request, std::shared_ptr<const TlsClientContext> tls,
                                           HttpLimits limits, std::shared_ptr<StreamPool> pool);

 private:
  using Connected = std::expected<std::unique_ptr<Stream>, HttpFailure>;
  boost::asio::awaitable<std::expected<std::vector<base::Endpoint>, HttpFailure>> addresses_of(Url url);
  boost::asio::awaitable<Connected> open(Url url, std::shared_ptr<const TlsClientContext> tls, HttpLimits limits);
  boost::asio::awaitable<Connected> connect(Url url, HttpLimits limits);
  boost::asio::awaitable<Connected> secure(std::unique_ptr<Stream> stream, std::string host,
                                           std::shared_ptr<const TlsClientContext> tls, HttpLimits limits);

  Network& network_;
  dns::Resolver& resolver_;
};

}  // namespace godwit::net
