// SPDX-License-Identifier: Apache-2.0
#include "json_body.hpp"

#include <new>
#include <utility>

#include <fmt/format.h>
#include <boost/json/stream_parser.hpp>

#include "bounded_memory.hpp"

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

class JsonReader {
 public:
  explicit JsonReader(const boost::json::storage_ptr& memory) : parser_(memory) { parser_.reset(memory); }

  base::Result<> take(std::string_view piece) {
    return bounded<base::Result<>>([&] { return take_now(piece); });
  }
  base::Result<boost::json::value> finish() {
    return bounded<base::Result<boost::json::value>>([&] { return finish_now(); });
  }

 private:
  template <class Result, class Work>
  Result bounded(Work work) try {
    return work();
  } catch (const BeyondBound&) {
    return base::fail(base::ErrorKind::refused, "the JSON has too many values");
  } catch (const std::bad_alloc&) {
    return base::fail(base::ErrorKind::exhausted, "too much is being handed in right now, try again later");
  }

  base::Result<> take_now(std::string_view piece) {
    boost::system::error_code error;
    const auto taken = parser_.write_some(piece.data(), piece.size(), error);
    place_.pass(piece.substr(0, taken));
    if (!error && taken < piece.size() && piece.find_first_not_of(" \t\r\n", taken) != std::string_view::npos)
      error = boost::json::error::extra_data;
    if (error) return json_error(place_, error);
    return {};
  }

  base::Result<boost::json::value> finish_now() {
    boost::system::error_code error;
    parser_.finish(error);
    if (error) return json_error(place_, error);
    return parser_.release();
  }

  boost::json::stream_parser parser_;  // keeps the memory
  TextPlace place_;
};

}  // namespace

Task<boost::json::value> read_json(spool::Pieces pieces, JsonBounds bounds,
                                   std::function<bool(std::uint64_t)> reserve) {
  const auto memory = boost::json::make_shared_resource<BoundedMemory>(bounds.memory, std::move(reserve));
  JsonReader reader(memory);
  std::uint64_t size = 0;
  for (;;) {
    auto reading = pieces();
    auto piece = co_await std::move(reading);
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->empty()) break;
    size += piece->size();
    if (size > bounds.text)
      co_return base::fail(base::ErrorKind::refused, fmt::format("the JSON is longer than {} bytes", bounds.text));
    if (auto taken = reader.take(*piece); !taken) co_return std::unexpected(std::move(taken.error()));
  }
  co_return reader.finish();
}

}  // namespace godwit::control
