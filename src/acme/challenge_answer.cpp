// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "responder.hpp"

namespace godwit::acme {
namespace {

std::string whole_answer(std::string_view status, std::string_view type, std::string_view body, bool with_body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status,
                     type, body.size(), with_body ? body : std::string_view());
}

}  // namespace

// RFC 8555 section 8.3.  Everybody else learns nothing, and is led nowhere.
std::string challenge_answer(std::string_view request, const action::Publish& what) {
  const auto line = request.substr(0, request.find("\r\n"));
  const auto words = base::split(line, ' ');
  const bool is_get = words[0] == "GET";
  if (!is_get && words[0] != "HEAD") return whole_answer("405 Method Not Allowed", "text/plain", "", true);
  if (words.size() != 3 || words[1] != "/.well-known/acme-challenge/" + what.token)
    return whole_answer("404 Not Found", "text/plain", "", true);
  return whole_answer("200 OK", "application/octet-stream", what.key_authorization, is_get);
}

}  // namespace godwit::acme
