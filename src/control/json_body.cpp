// SPDX-License-Identifier: Apache-2.0
#include "json_body.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/json/stream_parser.hpp>

namespace godwit::control {
namespace {

// Where in the text the parser is, for who wrote it.
struct TextPlace {
  std::uint64_t line = 1, column = 1;
  void pass(std::string_view text) {
    for (const char c : text) {
      ++column;
      if (c == '\n') {
        ++line;
        column = 1;
      }
    }
  }
};

std::unexpected<base::Error> json_error(const TextPlace& place, const boost::system::error_code& error) {
  return base::fail(base::ErrorKind::invalid,
                    fmt::format("JSON, line {}, column {}: {}", place.line, place.column, error.message()));
}

}  // namespace

Task<boost::json::value> read_json(spool::Pieces pieces, std::uint64_t most,
                                   std::function<bool(std::uint64_t)> reserve) {
  boost::json::stream_parser parser;
  TextPlace place;
  boost::system::error_code error;
  std::uint64_t size = 0;
  for (;;) {
    auto reading = pieces();
    auto piece = co_await std::move(reading);
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->empty()) break;
    size += piece->size();
    if (size > most)
      co_return base::fail(base::ErrorKind::refused, fmt::format("the JSON is longer than {} bytes", most));
    if (!reserve(piece->size()))
      co_return base::fail(base::ErrorKind::exhausted, "too much is being handed in right now, try again later");
    const auto taken = parser.write_some(piece->data(), piece->size(), error);
    place.pass(piece->substr(0, taken));
    if (!error && taken < piece->size() && piece->find_first_not_of(" \t\r\n", taken) != std::string_view::npos)
      error = boost::json::error::extra_data;
    if (error) co_return json_error(place, error);
  }
  parser.finish(error);
  if (error) co_return json_error(place, error);
  co_return parser.release();
}

}  // namespace godwit::control
