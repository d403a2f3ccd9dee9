// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "console_files.hpp"

namespace godwit::control {
namespace {

constexpr std::string_view console_folder = "/console/";

constexpr HeaderField fields_of_console[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors "
     "'none'; "
     "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

const EmbeddedFile* console_file(std::string_view path) {
  if (path == "/") path = "/console/index.html";
  if (!path.starts_with(console_folder)) return nullptr;
  path.remove_prefix(console_folder.size());
  const auto files = console_files();
  const auto found = std::ranges::find(files, path, &EmbeddedFile::name);
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Response> console_answer(const Request& request, std::string_view if_none_match) {
  if (request.method != "GET") return {};
  const auto* file = console_file(std::string_view(request.target).substr(0, request.target.find('?')));
  if (file == nullptr) return {};
  Response response{.status = 200, .body = {}, .allow = {}, .type = console_type(file->name)};
  response.etag = fmt::format("\"{}\"", file->digest);
  if (if_none_match.contains(response.etag))
    response.status = 304;
  else
    response.body = file->text;
  return response;
}

std::string_view console_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

std::span<const HeaderField> console_fields() {
  return fields_of_console;
}

}  // namespace godwit::control
