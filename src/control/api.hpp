// SPDX-License-Identifier: Apache-2.0
// The resources: method and path → a call of the backend → JSON.  No HTTP syntax here, no stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"
#include "godwit/control/caller.hpp"
#include "godwit/control/settings.hpp"

namespace godwit::control {

// Of who needs no token.
inline constexpr Scopes all_scopes = static_cast<Scopes>(Scope::read) | static_cast<Scopes>(Scope::queue) |
                                     static_cast<Scopes>(Scope::admin) | static_cast<Scopes>(Scope::submit);

struct Request {
  std::string method;
  std::string target;          // "/v1/queue?limit=10"
  spool::Pieces body = {};     // what is sent with it; read only where takes_body() says so
  Scopes scopes = all_scopes;  // what its token opens
  Caller caller = {};          // who hands in a message
  std::string content_type = {};
  std::string idempotency_key = {};
  std::optional<std::uint64_t> length = {};  // of the body, where it is said
};

struct Response {
  unsigned status = 200;
  std::string body;   // JSON, one line, or text
  std::string allow;  // with 405
  std::string_view type = "application/json";
  std::shared_ptr<EventFeed::Subscription> events = {};  // instead of a body: a stream without end
  std::string etag = {};                                 // of a file of the console; empty: it is an answer of the API
  std::int64_t retry_after = 0;                          // seconds; 0: nothing is said
  bool replayed = false;                                 // the first answer to a request that came again
};

// A resource and what one may do with it.
struct Resource {
  std::string_view method;
  std::string_view pattern;  // "/v1/queue/{id}"
  Scope needs;
};
std::vector<Resource> resources();

bool takes_body(const Request& request);
// What a token must open; nothing: there is no such resource.
std::optional<Scope> needed_scope(const Request& request);
boost::asio::awaitable<Response> handle(Backend& backend, Request request);
Response response(unsigned status, const boost::json::value& body);
Response failure(const base::Error& error);
// {"error": "..."}
Response error_response(unsigned status, std::string_view what);

}  // namespace godwit::control
