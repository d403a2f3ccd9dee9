// SPDX-License-Identifier: Apache-2.0
#include "response_text.hpp"

#include <sstream>
#include <string>
#include <utility>

#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "console.hpp"

namespace godwit::control {

std::string response_text(const Response& response, unsigned version, bool keep_alive) {
  namespace http = boost::beast::http;
  http::response<http::string_body> message(static_cast<http::status>(response.status), version, response.body);
  message.set(http::field::server, "Godwit");
  message.set(http::field::content_type, response.type);
  message.set("X-Content-Type-Options", "nosniff");
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  if (response.retry_after > 0) message.set(http::field::retry_after, std::to_string(response.retry_after));
  if (response.replayed) message.set("Idempotent-Replayed", "true");
  if (response.status == 401) message.set(http::field::www_authenticate, "Bearer realm=\"godwit\"");
  message.keep_alive(keep_alive);
  if (response.etag.empty()) {
    message.set(http::field::cache_control, "no-store");
  } else {
    // Asked for again at each use, so that the files of one version belong together.
    message.set(http::field::cache_control, "no-cache");
    message.set(http::field::etag, response.etag);
    for (const auto& [name, value] : console_fields()) message.set(name, value);
  }
  // The end of a stream of events is that of its connection; and what has not changed is not sent.
  if (!response.events && response.status != 304) message.prepare_payload();
  std::ostringstream out;
  out << message;
  return std::move(out).str();
}

}  // namespace godwit::control
