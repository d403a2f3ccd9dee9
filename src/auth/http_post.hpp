// SPDX-License-Identifier: Apache-2.0
// One form posted over HTTP/1.1 or HTTPS, blocking until a deadline: for a pool.  The server's certificate must be
// trusted and bear the URL's name.  No redirect is followed.  Unlike net::HttpClient it finds hosts by the system's
// names
// (/etc/hosts too), as connections to databases and directories do.
#pragma once

#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::auth {

struct HttpPost {
  std::string url;
  std::string ca_file;  // empty: the system's authorities
  std::string user;     // Basic (RFC 7617); empty: none
  std::string password;
  std::string form;  // application/x-www-form-urlencoded
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// Errors: invalid (URL), io, refused (TLS), closed, timed_out, exhausted (a longer answer than anybody needs).
base::Result<HttpAnswer> http_post(const HttpPost& post, base::MonoTime deadline, const base::Clock& clock);

}  // namespace godwit::auth
